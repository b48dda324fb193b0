// SPDX-License-Identifier: Apache-2.0
//
// Run from its source by java(1) with the libraries of pom.xml:
//   DssVerdicts.java PKI FILE...
// Prints one JSON line per FILE: {"file", "signatures": [{"field", "level", "indication", "changes", "why"}]}
// or {"file", "error"}. Nothing is fetched; roots, intermediates and CRLs are those of the test PKI.

import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** What the Digital Signature Service of the EU says of signed PDF files. */
public class DssVerdicts {
    static final String[] CRLS = {"root-g2", "ca-g2", "root-g1", "ca-g1", "public-root", "public-ca"};

    static List<CertificateToken> certificates(String folder) {
        File[] files = new File(folder).listFiles((where, name) -> name.endsWith(".pem"));
        Arrays.sort(files);
        return Arrays.stream(files).map(DSSUtils::loadCertificate).collect(Collectors.toList());
    }

    static CommonCertificateVerifier verifier(String pki) {
        CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
        CommonCertificateSource known = new CommonCertificateSource();
        for (String set : new String[] {"official", "public"})
            certificates(pki + "/trust/" + set).forEach(trusted::addCertificate);
        certificates(pki + "/trust/intermediates").forEach(known::addCertificate);
        FileDocument[] lists =
            Arrays.stream(CRLS).map(name -> new FileDocument(pki + "/crl/" + name + ".crl")).toArray(FileDocument[]::new);
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(trusted);
        verifier.setAdjunctCertSources(known);
        verifier.setCrlSource(new ExternalResourcesCRLSource(lists));
        verifier.setAIASource(null);
        verifier.setOcspSource(null);
        return verifier;
    }

    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray())
            out.append(c == '"' || c == '\\' ? "\\" + c : c < 32 ? " " : String.valueOf(c));
        return out.append('"').toString();
    }

    static String changes(PDFRevisionWrapper revision) {
        if (!revision.getPdfUndefinedChanges().isEmpty() || !revision.getPdfAnnotationChanges().isEmpty()
            || !revision.getPdfVisualDifferenceConcernedPages().isEmpty()
            || !revision.getPdfPageDifferenceConcernedPages().isEmpty())
            return "not permitted";
        if (!revision.getPdfAnnotationsOverlapConcernedPages().isEmpty())
            return "annotations overlap";
        return revision.arePdfObjectModificationsDetected() ? "permitted" : "none";
    }

    static String signature(Reports reports, String id) {
        SimpleReport simple = reports.getSimpleReport();
        SignatureWrapper signature = reports.getDiagnosticData().getSignatureById(id);
        PDFRevisionWrapper revision = signature.getPDFRevision();
        Indication indication = simple.getIndication(id);
        String word = indication.name().replace("TOTAL_", "");
        if (simple.getSubIndication(id) != null)
            word += "/" + simple.getSubIndication(id).name();
        String why = simple.getAdESValidationErrors(id).stream().map(Message::getValue).collect(Collectors.joining(" "));
        return "{\"field\": " + quoted(String.join(" ", revision.getSignatureFieldNames())) + ", \"level\": "
            + quoted(simple.getSignatureFormat(id).name().replace('_', '-')) + ", \"indication\": " + quoted(word)
            + ", \"changes\": " + quoted(changes(revision)) + ", \"why\": " + quoted(why) + "}";
    }

    static String verdict(String pki, String path) {
        try {
            SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(path));
            validator.setCertificateVerifier(verifier(pki));
            Reports reports = validator.validateDocument();
            List<String> found = new ArrayList<>();
            for (String id : reports.getSimpleReport().getSignatureIdList())
                found.add(signature(reports, id));
            return "\"signatures\": [" + String.join(", ", found) + "]";
        } catch (RuntimeException error) { // whatever a hostile file makes a library raise is its verdict
            return "\"error\": " + quoted(error.getClass().getSimpleName() + ": " + error.getMessage());
        }
    }

    public static void main(String[] args) {
        Logger.getLogger("").setLevel(Level.OFF);
        for (String path : Arrays.copyOfRange(args, 1, args.length))
            System.out.println("{\"file\": " + quoted(path) + ", " + verdict(args[0], path) + "}");
    }
}
