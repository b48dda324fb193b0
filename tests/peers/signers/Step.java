// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** One step: its files, its options, and the credentials of the test PKI. */
class Step {
    final String pki, in, out;
    private final Map<String, String> options = new HashMap<>();

    Step(String pki, String in, String out, String[] options) {
        this.pki = pki;
        this.in = in;
        this.out = out;
        for (String option : options) {
            int at = option.indexOf('=');
            this.options.put(at < 0 ? option : option.substring(0, at), at < 0 ? "" : option.substring(at + 1));
        }
    }

    boolean has(String key) {
        return options.containsKey(key);
    }

    String get(String key, String otherwise) {
        return options.getOrDefault(key, otherwise);
    }

    int number(String key, int otherwise) {
        return Integer.parseInt(get(key, String.valueOf(otherwise)));
    }

    /** Left, bottom, right, top. */
    float[] rectangle() {
        String[] parts = get("rect", "").split(",");
        float[] corners = new float[4];
        for (int i = 0; i < 4; i++)
            corners[i] = Float.parseFloat(parts[i]);
        return corners;
    }

    /** Of the file, which is encrypted with an empty user password when there is one. */
    byte[] password() {
        return has("owner") ? get("owner", "").getBytes(StandardCharsets.UTF_8) : null;
    }

    // ---- credentials ----

    private String signer() {
        return get("by", "person");
    }

    byte[] file(String name) throws Exception {
        return Files.readAllBytes(Path.of(pki, name));
    }

    PrivateKey key() throws Exception {
        String pem = Files.readString(Path.of(pki, "keys", signer() + ".key")).replaceAll("-----[A-Z ]+-----", "");
        byte[] der = Base64.getMimeDecoder().decode(pem);
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    X509Certificate certificate(String name) throws Exception {
        byte[] pem = file("certs/" + name + ".pem");
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
    }

    Certificate[] chain() throws Exception {
        List<Certificate> chain = new ArrayList<>();
        for (String name : (signer() + " " + get("issuers", "ca-g2")).split(" "))
            chain.add(certificate(name));
        return chain.toArray(new Certificate[0]);
    }

    /** What validates the signers and the time stamps. */
    List<byte[]> lists() throws Exception {
        return List.of(file("crl/ca-g2.crl"), file("crl/root-g2.crl"));
    }

    List<byte[]> certificates() throws Exception {
        return List.of(certificate(signer()).getEncoded(), certificate("ca-g2").getEncoded(), certificate("tsa").getEncoded());
    }

    /** A detached signature for libraries that leave it to their user. */
    byte[] cms(byte[] data) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(
            new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build())
                .build(new JcaContentSignerBuilder("SHA256withRSA").build(key()), certificate(signer())));
        generator.addCertificates(new JcaCertStore(Arrays.asList(chain())));
        return generator.generate(new CMSProcessableByteArray(data), false).getEncoded();
    }
}
