// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Calendar;
import java.util.List;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.cos.COSUpdateInfo;
import org.apache.pdfbox.pdfwriter.compress.CompressParameters;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.common.PDStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDFont;
import org.apache.pdfbox.pdmodel.font.PDType0Font;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationRubberStamp;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationFreeText;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAppearanceDictionary;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAppearanceStream;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureOptions;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.visible.PDVisibleSigProperties;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.visible.PDVisibleSignDesigner;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDField;
import org.apache.pdfbox.pdmodel.interactive.form.PDSignatureField;
import org.apache.pdfbox.pdmodel.interactive.form.PDTextField;

/** Apache PDFBox, used as its examples do. */
class PdfBox implements Signers.Library {
    static final int ROOM = 12000;

    static PDFont font(PDDocument document, Step step) throws Exception {
        return step.has("font") ? PDType0Font.load(document, new FileInputStream(step.get("font", "")), false)
                                : new PDType1Font(Standard14Fonts.FontName.HELVETICA);
    }

    static PDRectangle box(Step step) {
        float[] r = step.rectangle();
        return new PDRectangle(r[0], r[1], r[2] - r[0], r[3] - r[1]);
    }

    static PDDocument open(Step step) throws Exception {
        return step.has("owner") ? Loader.loadPDF(new File(step.in), step.get("owner", "")) : Loader.loadPDF(new File(step.in));
    }

    public void create(Step step) throws Exception {
        try (PDDocument document = new PDDocument()) {
            PDFont font = font(document, step);
            for (int page = 1; page <= step.number("pages", 2); page++) {
                PDPage leaf = new PDPage(PDRectangle.A4);
                document.addPage(leaf);
                try (PDPageContentStream content = new PDPageContentStream(document, leaf)) {
                    content.beginText();
                    content.setFont(font, 13);
                    content.newLineAtOffset(72, 770);
                    content.showText("Trang " + page);
                    content.endText();
                }
            }
            if (step.has("fields"))
                addFields(document);
            if (step.has("owner"))
                document.protect(new StandardProtectionPolicy(step.get("owner", ""), "", new AccessPermission()));
            document.setVersion(Float.parseFloat("1." + step.get("version", "4")));
            if (step.has("full"))
                document.save(step.out, CompressParameters.DEFAULT_COMPRESSION);
            else
                document.save(step.out, CompressParameters.NO_COMPRESSION);
        }
    }

    static void addFields(PDDocument document) throws Exception {
        PDAcroForm form = new PDAcroForm(document);
        document.getDocumentCatalog().setAcroForm(form);
        PDResources resources = new PDResources();
        resources.put(COSName.getPDFName("Helv"), new PDType1Font(Standard14Fonts.FontName.HELVETICA));
        form.setDefaultResources(resources);
        form.setDefaultAppearance("/Helv 0 Tf 0 g");
        PDTextField number = new PDTextField(form);
        number.setPartialName("so");
        number.setDefaultAppearance("/Helv 12 Tf 0 g");
        place(document, number, new PDRectangle(100, 700, 100, 20));
        PDSignatureField sign = new PDSignatureField(form);
        sign.setPartialName("vanthu");
        place(document, sign, new PDRectangle(300, 200, 200, 60));
    }

    static void place(PDDocument document, PDField field, PDRectangle where) throws Exception {
        field.getAcroForm().getFields().add(field);
        field.getWidgets().get(0).setRectangle(where);
        field.getWidgets().get(0).setPage(document.getPage(0));
        field.getWidgets().get(0).setPrinted(true);
        document.getPage(0).getAnnotations().add(field.getWidgets().get(0));
    }

    // ---- signatures ----

    static PDSignature dictionary() {
        PDSignature signature = new PDSignature();
        signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
        signature.setSubFilter(PDSignature.SUBFILTER_ADBE_PKCS7_DETACHED);
        signature.setName("Người ký");
        signature.setReason("Phê duyệt");
        signature.setSignDate(Calendar.getInstance());
        return signature;
    }

    /** 12.8.2.2, as SigUtils of the examples does. */
    static void certify(PDDocument document, PDSignature signature, int permissions) {
        COSDictionary parameters = new COSDictionary(), reference = new COSDictionary(), names = new COSDictionary();
        parameters.setItem(COSName.TYPE, COSName.getPDFName("TransformParams"));
        parameters.setInt(COSName.P, permissions);
        parameters.setName(COSName.V, "1.2");
        reference.setItem(COSName.TYPE, COSName.getPDFName("SigRef"));
        reference.setName("TransformMethod", "DocMDP");
        reference.setName("DigestMethod", "SHA1");
        reference.setItem("TransformParams", parameters);
        for (COSDictionary dictionary : List.of(parameters, reference))
            dictionary.setNeedToBeUpdated(true);
        COSArray references = new COSArray(List.of(reference));
        references.setNeedToBeUpdated(true);
        signature.getCOSObject().setItem("Reference", references);
        names.setItem("DocMDP", signature);
        names.setNeedToBeUpdated(true);
        document.getDocumentCatalog().getCOSObject().setItem("Perms", names);
        document.getDocumentCatalog().getCOSObject().setNeedToBeUpdated(true);
    }

    public void sign(Step step) throws Exception {
        try (PDDocument document = open(step); OutputStream out = new FileOutputStream(step.out)) {
            PDSignature signature = dictionary();
            SignatureOptions options = new SignatureOptions();
            options.setPreferredSignatureSize(ROOM);
            options.setPage(step.number("page", 1) - 1);
            if (step.has("certify"))
                certify(document, signature, step.number("certify", 2));
            if (step.has("into")) {
                PDSignatureField field = (PDSignatureField) document.getDocumentCatalog().getAcroForm().getField(step.get("into", ""));
                field.getCOSObject().setItem(COSName.V, signature);
            }
            if (step.has("rect"))
                show(document, step, options);
            document.addSignature(signature, data -> {
                try {
                    return step.cms(data.readAllBytes());
                } catch (Exception error) {
                    throw new java.io.IOException(error);
                }
            }, options);
            document.saveIncremental(out);
        }
    }

    void show(PDDocument document, Step step, SignatureOptions options) throws Exception {
        PDRectangle where = box(step);
        try (InputStream image = new FileInputStream(step.get("image", ""))) {
            PDVisibleSignDesigner designer = new PDVisibleSignDesigner(document, image, step.number("page", 1));
            designer.xAxis(where.getLowerLeftX()).yAxis(842 - where.getUpperRightY()).width(where.getWidth()).height(where.getHeight());
            designer.signatureFieldName(step.get("field", "Signature1"));
            PDVisibleSigProperties properties = new PDVisibleSigProperties();
            properties.signerName("Người ký").page(step.number("page", 1)).preferredSize(ROOM).visualSignEnabled(true);
            properties.setPdVisibleSignature(designer);
            properties.buildSignature();
            options.setVisualSignature(properties.getVisibleSignature());
        }
    }

    // ---- changes ----

    public void change(String operation, Step step) throws Exception {
        try (PDDocument document = open(step); OutputStream out = new FileOutputStream(step.out)) {
            switch (operation) {
            case "fill": fill(document, step); break;
            case "metadata":
                document.getDocumentInformation().setModificationDate(Calendar.getInstance());
                document.getDocumentInformation().getCOSObject().setNeedToBeUpdated(true);
                break;
            case "free-text": write(document, step); break;
            case "picture": draw(document, step); break;
            case "ltv": validate(document, step); break;
            default: throw new IllegalArgumentException(operation);
            }
            document.saveIncremental(out);
        }
    }

    static void fill(PDDocument document, Step step) throws Exception {
        PDTextField field = (PDTextField) document.getDocumentCatalog().getAcroForm().getField(step.get("name", "so"));
        field.setValue(step.get("value", "34"));
        field.getCOSObject().setNeedToBeUpdated(true);
        PDAppearanceDictionary look = field.getWidgets().get(0).getAppearance();
        look.getCOSObject().setNeedToBeUpdated(true);
        look.getNormalAppearance().getAppearanceStream().getCOSObject().setNeedToBeUpdated(true);
    }

    static void add(PDDocument document, Step step, org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotation note) throws Exception {
        PDPage page = document.getPage(step.number("page", 1) - 1);
        note.setRectangle(box(step));
        note.setPrinted(true);
        note.setPage(page);
        List<org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotation> notes = page.getAnnotations();
        notes.add(note);
        page.setAnnotations(notes);
        page.getCOSObject().setNeedToBeUpdated(true);
        ((COSUpdateInfo) page.getCOSObject().getDictionaryObject(COSName.ANNOTS)).setNeedToBeUpdated(true);
    }

    static void write(PDDocument document, Step step) throws Exception {
        PDAnnotationFreeText note = new PDAnnotationFreeText();
        note.setContents(step.get("value", "34"));
        note.setDefaultAppearance("/Helv 11 Tf 0 g");
        add(document, step, note);
        note.constructAppearances(document);
    }

    static void draw(PDDocument document, Step step) throws Exception {
        PDAnnotationRubberStamp stamp = new PDAnnotationRubberStamp();
        PDAppearanceStream look = new PDAppearanceStream(document);
        look.setBBox(new PDRectangle(box(step).getWidth(), box(step).getHeight()));
        look.setResources(new PDResources());
        PDImageXObject image = PDImageXObject.createFromFile(step.get("image", ""), document);
        ByteArrayOutputStream drawing = new ByteArrayOutputStream();
        String name = look.getResources().add(image).getName();
        drawing.write(("q " + box(step).getWidth() + " 0 0 " + box(step).getHeight() + " 0 0 cm /" + name + " Do Q").getBytes());
        try (OutputStream out = look.getStream().createOutputStream()) {
            drawing.writeTo(out);
        }
        PDAppearanceDictionary looks = new PDAppearanceDictionary();
        looks.setNormalAppearance(look);
        stamp.setAppearance(looks);
        stamp.setName("Dau");
        add(document, step, stamp);
    }

    /** As AddValidationInformation of the examples does. */
    static void validate(PDDocument document, Step step) throws Exception {
        COSDictionary catalog = document.getDocumentCatalog().getCOSObject(), store = new COSDictionary();
        COSArray lists = new COSArray(), certificates = new COSArray();
        store.setItem(COSName.TYPE, COSName.getPDFName("DSS"));
        for (byte[] list : step.lists())
            lists.add(stream(document, list));
        for (byte[] certificate : step.certificates())
            certificates.add(stream(document, certificate));
        store.setItem("CRLs", lists);
        store.setItem("Certs", certificates);
        for (COSUpdateInfo fresh : List.of(store, lists, certificates, catalog))
            fresh.setNeedToBeUpdated(true);
        catalog.setItem("DSS", store);
        document.getDocumentCatalog().setVersion("1.7");
        COSDictionary extensions = new COSDictionary(), adobe = new COSDictionary();
        adobe.setName("BaseVersion", "1.7");
        adobe.setInt("ExtensionLevel", 5);
        adobe.setDirect(true);
        extensions.setItem("ADBE", adobe);
        extensions.setDirect(true);
        catalog.setItem("Extensions", extensions);
    }

    private static COSStream stream(PDDocument document, byte[] data) throws Exception {
        COSStream stream = new PDStream(document, new java.io.ByteArrayInputStream(data), COSName.FLATE_DECODE).getCOSObject();
        stream.setNeedToBeUpdated(true);
        return stream;
    }
}
