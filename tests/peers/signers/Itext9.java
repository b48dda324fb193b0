// SPDX-License-Identifier: Apache-2.0

import com.itextpdf.forms.PdfAcroForm;
import com.itextpdf.forms.PdfSigFieldLock;
import com.itextpdf.forms.fields.PdfFormField;
import com.itextpdf.forms.fields.PdfTextFormField;
import com.itextpdf.forms.fields.SignatureFormFieldBuilder;
import com.itextpdf.forms.fields.TextFormFieldBuilder;
import com.itextpdf.forms.form.element.SignatureFieldAppearance;
import com.itextpdf.io.font.PdfEncodings;
import com.itextpdf.io.image.ImageDataFactory;
import com.itextpdf.kernel.font.PdfFont;
import com.itextpdf.kernel.font.PdfFontFactory;
import com.itextpdf.kernel.geom.Rectangle;
import com.itextpdf.kernel.pdf.EncryptionConstants;
import com.itextpdf.kernel.pdf.PdfDocument;
import com.itextpdf.kernel.pdf.PdfReader;
import com.itextpdf.kernel.pdf.PdfString;
import com.itextpdf.kernel.pdf.PdfVersion;
import com.itextpdf.kernel.pdf.PdfWriter;
import com.itextpdf.kernel.pdf.ReaderProperties;
import com.itextpdf.kernel.pdf.StampingProperties;
import com.itextpdf.kernel.pdf.WriterProperties;
import com.itextpdf.kernel.pdf.annot.PdfAnnotation;
import com.itextpdf.kernel.pdf.annot.PdfFreeTextAnnotation;
import com.itextpdf.kernel.pdf.annot.PdfStampAnnotation;
import com.itextpdf.kernel.pdf.canvas.PdfCanvas;
import com.itextpdf.kernel.pdf.xobject.PdfFormXObject;
import com.itextpdf.layout.Document;
import com.itextpdf.layout.element.Paragraph;
import com.itextpdf.signatures.AccessPermissions;
import com.itextpdf.signatures.BouncyCastleDigest;
import com.itextpdf.signatures.ITSAClient;
import com.itextpdf.signatures.LtvVerification;
import com.itextpdf.signatures.PdfSigner;
import com.itextpdf.signatures.PrivateKeySignature;
import com.itextpdf.signatures.SignerProperties;
import com.itextpdf.signatures.TSAClientBouncyCastle;
import java.io.FileOutputStream;
import java.util.List;

/** iText 9, whose way of writing is that of 7 and 8. */
class Itext9 implements Signers.Library {
    static final PdfVersion[] VERSIONS = {PdfVersion.PDF_1_4, PdfVersion.PDF_1_5, PdfVersion.PDF_1_6, PdfVersion.PDF_1_7, PdfVersion.PDF_2_0};

    public void change(String operation, Step step) throws Exception {
        if (operation.equals("stamp")) {
            try (FileOutputStream out = new FileOutputStream(step.out)) {
                new PdfSigner(reader(step), out, append()).timestamp(authority(step), step.get("field", null));
            }
            return;
        }
        try (PdfDocument document = new PdfDocument(reader(step), new PdfWriter(step.out), append())) {
            alter(operation, step, document);
        }
    }

    static StampingProperties append() {
        return new StampingProperties().useAppendMode();
    }

    static PdfReader reader(Step step) throws Exception {
        return new PdfReader(step.in, new ReaderProperties().setPassword(step.password()));
    }

    static ITSAClient authority(Step step) {
        return step.has("tsa") ? new TSAClientBouncyCastle(step.get("tsa", "")) : null;
    }

    static PdfFont font(Step step) throws Exception {
        return step.has("font") ? PdfFontFactory.createFont(step.get("font", ""), PdfEncodings.IDENTITY_H) : PdfFontFactory.createFont();
    }

    static Rectangle box(Step step) {
        float[] r = step.rectangle();
        return new Rectangle(r[0], r[1], r[2] - r[0], r[3] - r[1]);
    }

    public void create(Step step) throws Exception {
        WriterProperties properties = new WriterProperties().setPdfVersion(VERSIONS[step.number("version", 4) - 4]);
        if (step.has("full"))
            properties.setFullCompressionMode(true);
        if (step.has("xmp"))
            properties.addXmpMetadata();
        if (step.has("owner"))
            properties.setStandardEncryption(new byte[0], step.password(), EncryptionConstants.ALLOW_PRINTING,
                                             step.number("encryption", EncryptionConstants.ENCRYPTION_AES_256));
        PdfDocument pdf = new PdfDocument(new PdfWriter(step.out, properties));
        if (step.has("tagged"))
            pdf.setTagged();
        Document document = new Document(pdf);
        document.setFont(font(step));
        for (int page = 1; page <= step.number("pages", 2); page++) {
            if (page > 1)
                document.add(new com.itextpdf.layout.element.AreaBreak());
            document.add(new Paragraph("Trang " + page));
        }
        if (step.has("fields")) {
            PdfAcroForm form = PdfAcroForm.getAcroForm(pdf, true);
            PdfTextFormField number = new TextFormFieldBuilder(pdf, "so").setWidgetRectangle(new Rectangle(100, 700, 100, 20)).createText();
            number.setFont(PdfFontFactory.createFont());
            number.setFontSize(12);
            form.addField(number, pdf.getPage(1));
            form.addField(new SignatureFormFieldBuilder(pdf, "lanhdao").setWidgetRectangle(new Rectangle(300, 300, 200, 60)).createSignature(), pdf.getPage(1));
            form.addField(new SignatureFormFieldBuilder(pdf, "vanthu").setWidgetRectangle(new Rectangle(300, 200, 200, 60)).createSignature(),
                          pdf.getPage(step.number("pages", 2)));
        }
        document.close();
    }

    public void sign(Step step) throws Exception {
        try (FileOutputStream out = new FileOutputStream(step.out)) {
            PdfSigner signer = new PdfSigner(reader(step), out, append());
            SignerProperties properties = new SignerProperties().setReason("Phê duyệt").setLocation("Ninh Bình");
            properties.setFieldName(step.get("into", step.get("field", "Signature1")));
            properties.setSignatureCreator("Phần mềm ký số");
            if (step.has("rect"))
                properties.setPageRect(box(step)).setPageNumber(step.number("page", 1));
            if (step.has("certify"))
                properties.setCertificationLevel(AccessPermissions.values()[step.number("certify", 2)]);
            if (step.has("text") || step.has("image")) {
                SignatureFieldAppearance look = new SignatureFieldAppearance(SignerProperties.IGNORED_ID);
                if (!step.has("image"))
                    look.setContent(step.get("text", ""));
                else if (step.has("text"))
                    look.setContent(step.get("text", ""), ImageDataFactory.create(step.get("image", "")));
                else
                    look.setContent(ImageDataFactory.create(step.get("image", "")));
                look.setFont(font(step));
                properties.setSignatureAppearance(look);
            }
            if (step.has("lock"))
                properties.setFieldLockDict(new PdfSigFieldLock().setFieldLock(PdfSigFieldLock.LockAction.INCLUDE, step.get("lock", "")));
            signer.setSignerProperties(properties);
            signer.signDetached(new BouncyCastleDigest(), new PrivateKeySignature(step.key(), "SHA256", "BC"), step.chain(), null, null,
                                authority(step), 0, step.has("cades") ? PdfSigner.CryptoStandard.CADES : PdfSigner.CryptoStandard.CMS);
        }
    }

    void alter(String operation, Step step, PdfDocument document) throws Exception {
        switch (operation) {
        case "fill": {
            PdfFormField field = PdfAcroForm.getAcroForm(document, false).getField(step.get("name", "so"));
            if (step.has("font"))
                field.setValue(step.get("value", "34"), font(step), 12);
            else
                field.setValue(step.get("value", "34"));
            break;
        }
        case "metadata": document.getDocumentInfo().setProducer("another program"); break;
        case "xmp": document.getXmpMetadata(true); break;
        case "empty":
            PdfAcroForm.getAcroForm(document, true)
                .addField(new SignatureFormFieldBuilder(document, step.get("name", "moi")).setWidgetRectangle(box(step)).createSignature(),
                          document.getPage(step.number("page", 1)));
            break;
        case "field": {
            PdfTextFormField field = new TextFormFieldBuilder(document, step.get("name", "ngay")).setWidgetRectangle(box(step)).createText();
            field.setFont(font(step));
            field.setValue(step.get("value", "06"));
            PdfAcroForm.getAcroForm(document, true).addField(field, document.getPage(step.number("page", 1)));
            break;
        }
        case "free-text": {
            PdfFreeTextAnnotation note = new PdfFreeTextAnnotation(box(step), new PdfString(step.get("value", "34")));
            note.setDefaultAppearance(new PdfString("/Helv 11 Tf 0 g"));
            note.setFlags(PdfAnnotation.PRINT);
            document.getPage(step.number("page", 1)).addAnnotation(note);
            break;
        }
        case "picture": {
            PdfStampAnnotation stamp = new PdfStampAnnotation(box(step));
            PdfFormXObject look = new PdfFormXObject(new Rectangle(box(step).getWidth(), box(step).getHeight()));
            new PdfCanvas(look, document).addImageFittedIntoRectangle(ImageDataFactory.create(step.get("image", "")), look.getBBox().toRectangle(), false);
            stamp.setNormalAppearance(look.getPdfObject());
            stamp.setFlags(PdfAnnotation.PRINT);
            document.getPage(step.number("page", 1)).addAnnotation(stamp);
            break;
        }
        case "ltv": {
            LtvVerification data = new LtvVerification(document);
            data.addVerification(step.get("name", "Signature1"), List.of(), step.lists(), step.certificates());
            data.merge();
            break;
        }
        default: throw new IllegalArgumentException(operation);
        }
    }
}
