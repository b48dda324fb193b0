// SPDX-License-Identifier: Apache-2.0

import com.itextpdf.text.Document;
import com.itextpdf.text.Font;
import com.itextpdf.text.Image;
import com.itextpdf.text.PageSize;
import com.itextpdf.text.Paragraph;
import com.itextpdf.text.Rectangle;
import com.itextpdf.text.pdf.BaseFont;
import com.itextpdf.text.pdf.PdfAnnotation;
import com.itextpdf.text.pdf.PdfAppearance;
import com.itextpdf.text.pdf.PdfContentByte;
import com.itextpdf.text.pdf.PdfFormField;
import com.itextpdf.text.pdf.PdfName;
import com.itextpdf.text.pdf.PdfReader;
import com.itextpdf.text.pdf.PdfSigLockDictionary;
import com.itextpdf.text.pdf.PdfSignatureAppearance;
import com.itextpdf.text.pdf.PdfStamper;
import com.itextpdf.text.pdf.PdfString;
import com.itextpdf.text.pdf.PdfWriter;
import com.itextpdf.text.pdf.TextField;
import com.itextpdf.text.pdf.security.BouncyCastleDigest;
import com.itextpdf.text.pdf.security.LtvTimestamp;
import com.itextpdf.text.pdf.security.LtvVerification;
import com.itextpdf.text.pdf.security.MakeSignature;
import com.itextpdf.text.pdf.security.PrivateKeySignature;
import com.itextpdf.text.pdf.security.TSAClient;
import com.itextpdf.text.pdf.security.TSAClientBouncyCastle;
import java.io.FileOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** iText 5, of which iTextSharp is the translation. */
class Itext5 implements Signers.Library {
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
        if (step.has("tagged"))
            writer.setTagged();
        if (step.has("xmp"))
            writer.createXmpMetadata();
        if (step.has("owner"))
            writer.setEncryption(new byte[0], step.password(), PdfWriter.ALLOW_PRINTING, step.number("encryption", PdfWriter.ENCRYPTION_AES_128));
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
            for (String name : new String[] {"lanhdao", "vanthu"}) {
                PdfFormField field = PdfFormField.createSignature(writer);
                field.setFieldName(name);
                field.setFlags(PdfAnnotation.FLAGS_PRINT);
                field.setWidget(new Rectangle(300, name.equals("vanthu") ? 200 : 300, 500, name.equals("vanthu") ? 260 : 360), PdfAnnotation.HIGHLIGHT_INVERT);
                field.setPage();
                writer.addAnnotation(field);
            }
        }
        document.close();
    }

    static PdfReader reader(Step step) throws Exception {
        return new PdfReader(step.in, step.password());
    }

    static TSAClient authority(Step step) {
        return step.has("tsa") ? new TSAClientBouncyCastle(step.get("tsa", "")) : null;
    }

    void show(Step step, PdfSignatureAppearance look) throws Exception {
        String name = step.get("field", "Signature1");
        if (step.has("rect"))
            look.setVisibleSignature(box(step), step.number("page", 1), name);
        else if (step.has("into"))
            look.setVisibleSignature(step.get("into", ""));
        else
            look.setVisibleSignature(new Rectangle(0, 0), 1, name);
        if (step.has("text"))
            look.setLayer2Text(step.get("text", ""));
        look.setLayer2Font(new Font(font(step), 9));
        look.setAcro6Layers(!step.has("layers"));
        if (step.has("layers"))
            look.setLayer4Text(PdfSignatureAppearance.questionMark);
        if (step.has("image")) {
            look.setSignatureGraphic(Image.getInstance(step.get("image", "")));
            look.setRenderingMode(step.has("text") ? PdfSignatureAppearance.RenderingMode.GRAPHIC_AND_DESCRIPTION
                                                   : PdfSignatureAppearance.RenderingMode.GRAPHIC);
        }
        if (step.has("background"))
            look.setImage(Image.getInstance(step.get("background", "")));
        look.setReuseAppearance(step.has("reuse"));
    }

    public void sign(Step step) throws Exception {
        PdfReader reader = reader(step);
        try (FileOutputStream out = new FileOutputStream(step.out)) {
            PdfStamper stamper = PdfStamper.createSignature(reader, out, step.get("version", "\0").charAt(0), null, true);
            PdfSignatureAppearance look = stamper.getSignatureAppearance();
            show(step, look);
            look.setReason(step.get("reason", "Phê duyệt"));
            look.setLocation("Ninh Bình");
            look.setContact("vanthu@lab.test");
            look.setSignatureCreator("Phần mềm ký số");
            look.setCertificationLevel(step.number("certify", 0));
            if (step.has("lock"))
                look.setFieldLockDict(new PdfSigLockDictionary(PdfSigLockDictionary.LockAction.INCLUDE, step.get("lock", "")));
            if (step.has("lockall"))
                look.setFieldLockDict(new PdfSigLockDictionary(PdfSigLockDictionary.LockAction.ALL));
            for (String also : step.get("also", "").split(" "))
                if (!also.isEmpty())
                    alter(also, step, stamper);
            MakeSignature.signDetached(look, new BouncyCastleDigest(), new PrivateKeySignature(step.key(), "SHA-256", null), step.chain(), null,
                                       null, authority(step), 0,
                                       step.has("cades") ? MakeSignature.CryptoStandard.CADES : MakeSignature.CryptoStandard.CMS);
        }
    }

    void stamp(Step step) throws Exception {
        try (FileOutputStream out = new FileOutputStream(step.out)) {
            PdfStamper stamper = PdfStamper.createSignature(reader(step), out, '\0', null, true);
            LtvTimestamp.timestamp(stamper.getSignatureAppearance(), authority(step), step.get("field", null));
        }
    }

    public void change(String operation, Step step) throws Exception {
        if (operation.equals("stamp")) {
            stamp(step);
            return;
        }
        PdfStamper stamper = new PdfStamper(reader(step), new FileOutputStream(step.out), '\0', true);
        for (String one : operation.split("\\+"))
            alter(one, step, stamper);
        stamper.close();
    }

    void alter(String operation, Step step, PdfStamper stamper) throws Exception {
        switch (operation) {
        case "fill": stamper.getAcroFields().setField(step.get("name", "so"), step.get("value", "34")); break;
        case "fill-font":
            stamper.getAcroFields().addSubstitutionFont(font(step));
            stamper.getAcroFields().setField(step.get("name", "so"), step.get("value", "34"));
            break;
        case "metadata":
            stamper.setMoreInfo(new HashMap<>(Map.of("Producer", "another program")));
            break;
        case "xmp": stamper.createXmpMetadata(); break;
        case "no-xfa":
            stamper.getAcroFields().removeXfa();
            stamper.markUsed(stamper.getReader().getCatalog().getAsDict(PdfName.ACROFORM));
            break;
        case "empty": {
            float[] r = step.rectangle();
            stamper.addSignature(step.get("name", "moi"), step.number("page", 1), r[0], r[1], r[2], r[3]);
            break;
        }
        case "free-text": write(step, stamper); break;
        case "picture": draw(step, stamper); break;
        case "field": {
            TextField field = new TextField(stamper.getWriter(), box(step), step.get("name", "ngay"));
            field.setFont(font(step));
            field.setFontSize(11);
            field.setText(step.get("value", "06"));
            stamper.addAnnotation(field.getTextField(), step.number("page", 1));
            break;
        }
        case "content": {
            PdfContentByte over = stamper.getOverContent(1);
            over.beginText();
            over.setFontAndSize(font(step), 12);
            over.setTextMatrix(100, 650);
            over.showText("34");
            over.endText();
            break;
        }
        case "ltv": {
            LtvVerification data = stamper.getLtvVerification();
            data.addVerification(step.get("name", "Signature1"), List.of(), step.lists(), step.certificates());
            break;
        }
        case "attach": stamper.addFileAttachment("phụ lục", "số liệu".getBytes("UTF-8"), null, "phu-luc.txt"); break;
        default: throw new IllegalArgumentException(operation);
        }
    }

    /** Number or date as a comment. */
    void write(Step step, PdfStamper stamper) throws Exception {
        PdfAppearance type = PdfAppearance.createAppearance(stamper.getWriter(), 100, 20);
        type.setFontAndSize(font(step), 11);
        PdfAnnotation note = PdfAnnotation.createFreeText(stamper.getWriter(), box(step), step.get("value", "34"), type);
        note.setFlags(PdfAnnotation.FLAGS_PRINT);
        note.put(PdfName.NM, new PdfString("so-van-ban"));
        stamper.addAnnotation(note, step.number("page", 1));
    }

    /** A stamp with a picture. */
    void draw(Step step, PdfStamper stamper) throws Exception {
        PdfAnnotation stamp = PdfAnnotation.createStamp(stamper.getWriter(), box(step), "Đến", "Dau");
        PdfAppearance look = PdfAppearance.createAppearance(stamper.getWriter(), box(step).getWidth(), box(step).getHeight());
        Image image = Image.getInstance(step.get("image", ""));
        image.scaleAbsolute(box(step));
        image.setAbsolutePosition(0, 0);
        look.addImage(image);
        stamp.setAppearance(PdfAnnotation.APPEARANCE_NORMAL, look);
        stamp.setFlags(PdfAnnotation.FLAGS_PRINT);
        stamper.addAnnotation(stamp, step.number("page", 1));
    }
}
