// SPDX-License-Identifier: Apache-2.0
//
//   Signers PKI
// Reads one line for each step of a chain, of words separated by tabs:
//   LIBRARY OPERATION IN OUT [KEY=VALUE]...
// and answers "ok" or what is wrong with it, on one line. Operations and keys are described in peers_signers.py.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.util.Arrays;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Steps in the life of a signed PDF file, done by the libraries that signing programs are built on. */
public class Signers {
    interface Library {
        void create(Step step) throws Exception;

        void sign(Step step) throws Exception;

        /** What else may be done to a file. */
        void change(String operation, Step step) throws Exception;

        default void run(String operation, Step step) throws Exception {
            if (operation.equals("new"))
                create(step);
            else if (operation.equals("sign"))
                sign(step);
            else
                change(operation, step);
        }
    }

    static final Map<String, Library> LIBRARIES =
        Map.of("itext5", new Itext5(), "itext9", new Itext9(), "openpdf", new OpenPdf(), "pdfbox", new PdfBox());

    static String answer(String pki, String[] words) {
        try {
            LIBRARIES.get(words[0]).run(words[1], new Step(pki, words[2], words[3], Arrays.copyOfRange(words, 4, words.length)));
            return "ok";
        } catch (Exception | LinkageError error) {
            StackTraceElement[] where = error.getStackTrace();
            return (error + (where.length > 0 ? " at " + where[0] : "")).replace('\n', ' ');
        }
    }

    public static void main(String[] args) throws Exception {
        Logger.getLogger("").setLevel(Level.OFF);
        Security.addProvider(new BouncyCastleProvider());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(args[0], line.split("\t")));
            System.out.flush();
        }
    }
}
