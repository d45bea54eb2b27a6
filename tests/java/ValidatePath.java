import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Java's own PKIX validator (RFC 5280 section 6) over certificate chains, each for the purpose that it is meant for.
 *
 *   java ValidatePath.java ROOT PURPOSE=CHAIN...
 *
 * ROOT is the trust anchor's certificate. CHAIN is a PEM file, the certificate itself first, without the root. PURPOSE is
 * "server", "client" or "ca"; with "not-" in front the chain must be refused, for the purpose and nothing else. Prints a
 * line for each; exit code 1 if one is not as it should be.
 */
public class ValidatePath {
  private static final String SERVER = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT = "1.3.6.1.5.5.7.3.2";

  public static void main(String[] arguments) throws Exception {
    X509Certificate root = read(arguments[0]).get(0);
    boolean good = true;
    for (int i = 1; i < arguments.length; i++) {
      String[] parts = arguments[i].split("=", 2);
      boolean wanted = !parts[0].startsWith("not-");
      String purpose = wanted ? parts[0] : parts[0].substring(4);
      String trouble = trouble(root, read(parts[1]), purpose);
      boolean right = wanted ? trouble == null : trouble != null && trouble.startsWith("target certificate constraints");
      good &= right;
      System.out.println((right ? "ok      " : "FAILED  ") + arguments[i] + (trouble == null ? "" : ": " + trouble));
    }
    System.exit(good ? 0 : 1);
  }

  private static List<X509Certificate> read(String file) throws Exception {
    List<X509Certificate> certificates = new ArrayList<>();
    try (InputStream in = new FileInputStream(file)) {
      for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        certificates.add((X509Certificate) certificate);
      }
    }
    return certificates;
  }

  /** What the validator has against this chain; null when it accepts it. */
  private static String trouble(X509Certificate root, List<X509Certificate> chain, String purpose) throws Exception {
    PKIXParameters parameters = new PKIXParameters(Collections.singleton(new TrustAnchor(root, null)));
    parameters.setRevocationEnabled(false); // no CRLs here
    parameters.setTargetCertConstraints(target(purpose));
    try {
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(chain), parameters);
      return null;
    } catch (CertPathValidatorException refused) {
      return refused.getMessage();
    }
  }

  private static X509CertSelector target(String purpose) throws Exception {
    X509CertSelector target = new X509CertSelector();
    switch (purpose) {
      case "server" -> target.setExtendedKeyUsage(Set.of(SERVER));
      case "client" -> target.setExtendedKeyUsage(Set.of(CLIENT));
      case "ca" -> {
        target.setBasicConstraints(0);
        target.setKeyUsage(new boolean[] {false, false, false, false, false, true});
      }
      default -> throw new IllegalArgumentException(purpose);
    }
    if (!purpose.equals("ca")) {
      target.setBasicConstraints(-2); // an end entity
      target.setKeyUsage(new boolean[] {true}); // digitalSignature
    }
    return target;
  }
}
