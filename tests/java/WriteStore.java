import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** One JKS truststore of many certificates, in one go: java WriteStore STORE PASSWORD_FILE CERTIFICATE... */
public class WriteStore {
  public static void main(String[] arguments) throws Exception {
    KeyStore store = KeyStore.getInstance("JKS");
    store.load(null, null);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    for (int i = 2; i < arguments.length; ++i) {
      try (InputStream in = new FileInputStream(arguments[i])) {
        store.setCertificateEntry("bench" + (i - 2), factory.generateCertificate(in));
      }
    }
    try (FileOutputStream out = new FileOutputStream(arguments[0])) {
      store.store(out, Files.readString(Path.of(arguments[1])).strip().toCharArray());
    }
  }
}
