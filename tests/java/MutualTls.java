import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * One line each way over mutual TLS on the loopback interface, with stores of Java's type "JKS" (the one that HiveMQ
 * asks for), or "PKCS12" where a file is called *.p12.
 *
 *   java MutualTls.java server KEYSTORE STORE_PASSWORD_FILE KEY_PASSWORD_FILE TRUSTSTORE TRUST_PASSWORD_FILE PORT
 *   java MutualTls.java client KEYSTORE STORE_PASSWORD_FILE KEY_PASSWORD_FILE TRUSTSTORE TRUST_PASSWORD_FILE PORT
 *
 * KEYSTORE may be "-" for a client without a certificate. PORT 0 lets the server choose; it prints "port N". The server
 * serves one connection and demands a client certificate; the client checks the server's name against "localhost". Both
 * print protocol and peer, and exit with 0 only if the line arrived.
 */
public class MutualTls {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 7) {
      System.err.println("MutualTls: seven arguments are needed");
      System.exit(2);
    }
    try {
      SSLContext context = context(arguments);
      int port = Integer.parseInt(arguments[6]);
      if (arguments[0].equals("server")) {
        serve(context, port);
      } else {
        connect(context, port);
      }
    } catch (java.io.IOException refused) {
      System.err.println("refused: " + refused);
      System.exit(1);
    }
  }

  static char[] password(String file) throws Exception {
    return Files.readString(Path.of(file), StandardCharsets.UTF_8).strip().toCharArray();
  }

  static KeyStore load(String file, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance(file.endsWith(".p12") ? "PKCS12" : "JKS");
    try (FileInputStream in = new FileInputStream(file)) {
      store.load(in, password);
    }
    return store;
  }

  static SSLContext context(String[] arguments) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    if (!arguments[1].equals("-")) keys.init(load(arguments[1], password(arguments[2])), password(arguments[3]));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(load(arguments[4], password(arguments[5])));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(arguments[1].equals("-") ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  static void serve(SSLContext context, int port) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (SSLServerSocket listener =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 1, loopback)) {
      listener.setNeedClientAuth(true);
      listener.setSoTimeout(30000);
      System.out.println("port " + listener.getLocalPort());
      System.out.flush();
      try (SSLSocket socket = (SSLSocket) listener.accept()) {
        talk(socket, "hello from the server");
      }
    }
  }

  static void connect(SSLContext context, int port) throws Exception {
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 30000);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      talk(socket, "hello from the client");
    }
  }

  static void talk(SSLSocket socket, String line) throws Exception {
    socket.setSoTimeout(30000);
    socket.startHandshake();
    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
    InputStreamReader in = new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII);
    String heard = new BufferedReader(in).readLine();
    if (heard == null) throw new java.io.EOFException("the peer said nothing");
    X509Certificate peer = (X509Certificate) socket.getSession().getPeerCertificates()[0];
    System.out.println("protocol " + socket.getSession().getProtocol());
    System.out.println("peer " + peer.getSubjectX500Principal().getName());
    System.out.println("heard " + heard);
  }
}
