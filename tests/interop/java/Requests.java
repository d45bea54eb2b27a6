import java.io.FileWriter;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Requests by BouncyCastle: java -cp ... Requests.java DIRECTORY_FOR_SERVERS DIRECTORY_FOR_CLIENTS */
public class Requests {
  public static void main(String[] arguments) throws Exception {
    for (String kind : new String[] {"rsa", "ec"}) {
      String host = "bouncycastle-" + kind + ".example.com";
      write(arguments[0] + "/bouncycastle-" + kind + ".csr", kind, "C=DE,O=HiveMQ,CN=" + host, host);
      write(arguments[1] + "/bouncycastle-" + kind + ".csr", kind, "O=HiveMQ,CN=client of BouncyCastle " + kind, null);
    }
  }

  private static void write(String file, String kind, String subject, String host) throws Exception {
    KeyPair key = key(kind);
    var builder = new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), key.getPublic());
    if (host != null) {
      var extensions = new ExtensionsGenerator();
      extensions.addExtension(Extension.subjectAlternativeName, false,
          new GeneralNames(new GeneralName[] {
              new GeneralName(GeneralName.dNSName, host), new GeneralName(GeneralName.iPAddress, "192.0.2.1")}));
      builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
    }
    var signer = new JcaContentSignerBuilder(kind.equals("rsa") ? "SHA256withRSA" : "SHA384withECDSA");
    try (var out = new JcaPEMWriter(new FileWriter(file))) {
      out.writeObject(builder.build(signer.build(key.getPrivate())));
    }
  }

  private static KeyPair key(String kind) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.equals("rsa") ? "RSA" : "EC");
    if (kind.equals("rsa")) {
      generator.initialize(2048);
    } else {
      generator.initialize(new ECGenParameterSpec("secp384r1"));
    }
    return generator.generateKeyPair();
  }
}
