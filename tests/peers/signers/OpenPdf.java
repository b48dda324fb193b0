// SPDX-License-Identifier: Apache-2.0

import com.lowagie.text.Document;
import com.lowagie.text.Font;
import com.lowagie.text.Image;
import com.lowagie.text.PageSize;
import com.lowagie.text.Paragraph;
import com.lowagie.text.Rectangle;
import com.lowagie.text.pdf.BaseFont;
import com.lowagie.text.pdf.PdfAnnotation;
import com.lowagie.text.pdf.PdfAppearance;
import com.lowagie.text.pdf.PdfDate;
import com.lowagie.text.pdf.PdfDictionary;
import com.lowagie.text.pdf.PdfFormField;
import com.lowagie.text.pdf.PdfName;
import com.lowagie.text.pdf.PdfReader;
import com.lowagie.text.pdf.PdfSignature;
import com.lowagie.text.pdf.PdfSignatureAppearance;
import com.lowagie.text.pdf.PdfStamper;
import com.lowagie.text.pdf.PdfString;
import com.lowagie.text.pdf.PdfWriter;
import com.lowagie.text.pdf.TextField;
import java.io.FileOutputStream;
import java.util.Calendar;
import java.util.HashMap;
import java.util.Map;

/** OpenPDF, which goes on from iText 4. */
class OpenPdf implements Signers.Library {
    static final int ROOM = 12000;

    static BaseFont font(Step step) throws Exception {
        return BaseFont.createFont(step.get("font", BaseFont.HELVETICA), step.has("font") ? BaseFont.IDENTITY_H : BaseFont.WINANSI,
                                   BaseFont.EMBEDDED);
    }

    static Rectangle box(Step step) {
        float[] r = step.rectangle();
        return new Rectangle(r[0], r[1], r[2], r[3]);
    }

    public void create(Step step) throws Exception {
        Document document = new Document(PageSize.A4);
        PdfWriter writer = PdfWriter.getInstance(document, new FileOutputStream(step.out));
        writer.setPdfVersion(step.get("version", "4").charAt(0));
        if (step.has("full"))
            writer.setFullCompression();
        document.open();
        for (int page = 1; page <= step.number("pages", 2); page++) {
            document.newPage();
            document.add(new Paragraph("Công văn, trang " + page, new Font(font(step), 13)));
        }
        if (step.has("fields")) {
            TextField number = new TextField(writer, new Rectangle(100, 700, 200, 720), "so");
            number.setFont(BaseFont.createFont());
            number.setFontSize(12);
            writer.addAnnotation(number.getTextField());
            PdfFormField field = PdfFormField.createSignature(writer);
            field.setFieldName("vanthu");
            field.setFlags(PdfAnnotation.FLAGS_PRINT);
            field.setWidget(new Rectangle(300, 200, 500, 260), PdfAnnotation.HIGHLIGHT_INVERT);
            writer.addAnnotation(field);
        }
        document.close();
    }

    public void sign(Step step) throws Exception {
        try (FileOutputStream out = new FileOutputStream(step.out)) {
            PdfStamper stamper = PdfStamper.createSignature(new PdfReader(step.in, step.password()), out, '\0', null, true);
            PdfSignatureAppearance look = stamper.getSignatureAppearance();
            if (step.has("into"))
                look.setVisibleSignature(step.get("into", ""));
            else if (step.has("rect"))
                look.setVisibleSignature(box(step), step.number("page", 1), step.get("field", "Signature1"));
            look.setCrypto(null, step.chain(), null, PdfName.ADOBE_PPKLITE);
            look.setReason("Phê duyệt");
            look.setLayer2Font(new Font(font(step), 9));
            if (step.has("text"))
                look.setLayer2Text(step.get("text", ""));
            if (step.has("image")) {
                look.setRender(PdfSignatureAppearance.SignatureRenderGraphicAndDescription);
                look.setSignatureGraphic(Image.getInstance(step.get("image", "")));
            }
            look.setAcro6Layers(!step.has("layers"));
            look.setCertificationLevel(step.number("certify", PdfSignatureAppearance.NOT_CERTIFIED));
            look.setSignDate(Calendar.getInstance());
            PdfSignature signature = new PdfSignature(PdfName.ADOBE_PPKLITE, PdfName.ADBE_PKCS7_DETACHED);
            signature.setDate(new PdfDate(look.getSignDate()));
            signature.setName("Người ký");
            look.setCryptoDictionary(signature);
            look.preClose(Map.of(PdfName.CONTENTS, ROOM * 2 + 2));
            byte[] contents = new byte[ROOM], cms = step.cms(look.getRangeStream().readAllBytes());
            System.arraycopy(cms, 0, contents, 0, cms.length);
            PdfDictionary update = new PdfDictionary();
            update.put(PdfName.CONTENTS, new PdfString(contents).setHexWriting(true));
            look.close(update);
        }
    }

    public void change(String operation, Step step) throws Exception {
        PdfStamper stamper = new PdfStamper(new PdfReader(step.in, step.password()), new FileOutputStream(step.out), '\0', true);
        switch (operation) {
        case "fill": stamper.getAcroFields().setField(step.get("name", "so"), step.get("value", "34")); break;
        case "metadata": stamper.setInfoDictionary(new HashMap<>(Map.of("Producer", "another program"))); break;
        case "free-text": {
            PdfAppearance type = PdfAppearance.createAppearance(stamper.getWriter(), 100, 20);
            type.setFontAndSize(font(step), 11);
            PdfAnnotation note = PdfAnnotation.createFreeText(stamper.getWriter(), box(step), step.get("value", "34"), type);
            note.setFlags(PdfAnnotation.FLAGS_PRINT);
            stamper.addAnnotation(note, step.number("page", 1));
            break;
        }
        default: throw new IllegalArgumentException(operation);
        }
        stamper.close();
    }
}
