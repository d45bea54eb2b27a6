import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient.Mqtt5Publishes;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientBuilder;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import java.io.FileInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * HiveMQ's MQTT client with Java stores: subscribes, publishes one message, and waits for it.
 *
 *   java -cp ... HivemqClient.java ID HOST PORT tcp|websocket KEYSTORE|- PASSWORD_FILE TRUSTSTORE PASSWORD_FILE
 *
 * Exit code 0 and "received ..." when the message came back; 1 and "refused: ..." with every cause otherwise.
 */
public class HivemqClient {
  public static void main(String[] arguments) throws Exception {
    MqttClientSslConfig tls =
        MqttClientSslConfig.builder()
            .keyManagerFactory(arguments[4].equals("-") ? null : keys(arguments[4], password(arguments[5])))
            .trustManagerFactory(trust(arguments[6], password(arguments[7])))
            .build();
    Mqtt5ClientBuilder builder =
        MqttClient.builder()
            .useMqttVersion5()
            .identifier(arguments[0])
            .serverHost(arguments[1])
            .serverPort(Integer.parseInt(arguments[2]))
            .sslConfig(tls);
    if (arguments[3].equals("websocket")) builder = builder.webSocketConfig().serverPath("mqtt").applyWebSocketConfig();
    Mqtt5BlockingClient client = builder.buildBlocking();
    try {
      client.connect();
      talk(client, arguments[0]);
      client.disconnect();
      System.exit(0);
    } catch (Exception refused) {
      for (Throwable cause = refused; cause != null; cause = cause.getCause()) System.out.println("refused: " + cause);
      System.exit(1);
    }
  }

  static void talk(Mqtt5BlockingClient client, String text) throws Exception {
    String topic = "mutual/tls/connection/test";
    try (Mqtt5Publishes publishes = client.publishes(MqttGlobalPublishFilter.ALL)) {
      client.subscribeWith().topicFilter(topic).qos(MqttQos.AT_LEAST_ONCE).send();
      client.publishWith().topic(topic).qos(MqttQos.AT_LEAST_ONCE).payload(text.getBytes(StandardCharsets.UTF_8)).send();
      Optional<Mqtt5Publish> received = publishes.receive(20, TimeUnit.SECONDS);
      String heard = new String(received.orElseThrow().getPayloadAsBytes(), StandardCharsets.UTF_8);
      if (!heard.equals(text)) throw new IllegalStateException("another message: " + heard);
      System.out.println("received " + heard);
    }
  }

  static char[] password(String file) throws Exception {
    return file.equals("-") ? null : Files.readString(Path.of(file), StandardCharsets.UTF_8).strip().toCharArray();
  }

  static KeyStore load(String file, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance(file.endsWith(".p12") ? "PKCS12" : "JKS");
    try (FileInputStream in = new FileInputStream(file)) {
      store.load(in, password);
    }
    return store;
  }

  // Shows the store's one certificate whichever issuers the broker names; Java's own would show none instead, and the
  // broker would have nothing to turn away.
  static KeyManagerFactory keys(String file, char[] password) throws Exception {
    KeyStore store = load(file, password);
    KeyManagerFactory factory = KeyManagerFactory.getInstance("NewSunX509");
    factory.init(store, password);
    String alias = store.aliases().nextElement();
    PrivateKey key = (PrivateKey) store.getKey(alias, password);
    X509Certificate[] chain =
        Arrays.copyOf(store.getCertificateChain(alias), store.getCertificateChain(alias).length, X509Certificate[].class);
    return new KeyManagerFactory(new OneKey(alias, key, chain), factory.getProvider(), factory.getAlgorithm()) {};
  }

  static class OneKey extends KeyManagerFactorySpi {
    private final KeyManager[] managers;

    OneKey(String alias, PrivateKey key, X509Certificate[] chain) {
      managers =
          new KeyManager[] {
            new X509ExtendedKeyManager() {
              public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) { return alias; }

              public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) { return alias; }

              public String chooseServerAlias(String type, Principal[] issuers, Socket socket) { return null; }

              public String[] getClientAliases(String type, Principal[] issuers) { return new String[] {alias}; }

              public String[] getServerAliases(String type, Principal[] issuers) { return null; }

              public X509Certificate[] getCertificateChain(String name) { return chain; }

              public PrivateKey getPrivateKey(String name) { return key; }
            }
          };
    }

    @Override
    protected void engineInit(KeyStore store, char[] password) {}

    @Override
    protected void engineInit(ManagerFactoryParameters parameters) {}

    @Override
    protected KeyManager[] engineGetKeyManagers() {
      return managers;
    }
  }

  static TrustManagerFactory trust(String file, char[] password) throws Exception {
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(load(file, password));
    return factory;
  }
}
