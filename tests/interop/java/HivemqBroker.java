import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.nio.file.Path;

/**
 * HiveMQ Community Edition with the config.xml of a folder, until standard input ends.
 *
 *   java -cp ... HivemqBroker.java CONFIGURATION_FOLDER DATA_FOLDER EXTENSIONS_FOLDER
 *
 * Prints "ready" when its listeners answer, and "client ID certificate SUBJECT" for each client that connects: an
 * extension of its own lets everybody in whom TLS let in.
 */
public class HivemqBroker {
  public static void main(String[] arguments) throws Exception {
    EmbeddedExtension everybody =
        EmbeddedExtension.builder()
            .withId("everybody")
            .withName("everybody")
            .withVersion("1")
            .withAuthor("the test")
            .withPriority(0)
            .withStartPriority(1000)
            .withExtensionMain(new Everybody())
            .build();
    try (EmbeddedHiveMQ broker =
        EmbeddedHiveMQ.builder()
            .withConfigurationFolder(Path.of(arguments[0]))
            .withDataFolder(Path.of(arguments[1]))
            .withExtensionsFolder(Path.of(arguments[2]))
            .withEmbeddedExtension(everybody)
            .build()) {
      broker.start().join();
      System.out.println("ready");
      while (System.in.read() >= 0) {}
    }
  }

  static class Everybody implements ExtensionMain {
    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      SimpleAuthenticator welcome =
          (client, decision) -> {
            String subject =
                client
                    .getConnectionInformation()
                    .getClientTlsInformation()
                    .flatMap(tls -> tls.getClientCertificate())
                    .map(certificate -> certificate.getSubjectX500Principal().getName())
                    .orElse("none");
            System.out.println("client " + client.getClientInformation().getClientId() + " certificate " + subject);
            decision.authenticateSuccessfully();
          };
      Services.securityRegistry().setAuthenticatorProvider(provider -> welcome);
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
  }
}
