# ActiveMQ of Debian as a Java MQTT broker with our stores, on loopback. Sourced after mqtt.sh.
# Debian's activemq lacks what its own MQTT connector loads: libmqtt-client-java has it.

[ -e /usr/share/activemq/bin/activemq.jar ] || not_run "ActiveMQ is not installed (Debian: activemq)"
[ -e /usr/share/java/mqtt-client.jar ] || not_run "ActiveMQ's MQTT connector is not complete (Debian: libmqtt-client-java)"

# start_activemq KEYSTORE TRUSTSTORE TYPE [JAVA OPTION...]: mutual TLS on $port; what it prints is in activemq.out
start_activemq() {
  local keystore=$1 truststore=$2 type=$3
  shift 3
  port=$(free_port)
  mkdir -p activemq
  : >activemq.out  # of an earlier broker
  cat >activemq/activemq.xml <<END
<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
  http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" useJmx="false" persistent="false" brokerName="interop"
    schedulerSupport="false" useShutdownHook="true">
    <sslContext>
      <sslContext keyStore="file:$keystore" keyStoreType="$type" keyStorePassword="$(cat "${keystore%.*}.password")"
        trustStore="file:$truststore" trustStoreType="$type" trustStorePassword="$(cat "${truststore%.*}.password")"/>
    </sslContext>
    <transportConnectors>
      <transportConnector name="mqtt" uri="mqtt+ssl://127.0.0.1:$port?needClientAuth=true"/>
    </transportConnectors>
  </broker>
</beans>
END
  cat >activemq/log4j.properties <<END
log4j.rootLogger=INFO, out
log4j.logger.org.apache.activemq.transport=DEBUG
log4j.logger.org.apache.activemq.broker.TransportConnector=DEBUG
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%p %c{1} %m%n
END
  local path=/usr/share/activemq/bin/activemq.jar:/usr/share/activemq/lib/\*:/usr/share/activemq/lib/optional/\*
  path+=:/usr/share/java/mqtt-client.jar:/usr/share/java/hawtbuf.jar:/usr/share/java/hawtdispatch.jar:/usr/share/java/hawtdispatch-transport.jar
  java -Xmx256M "$@" -Dlog4j.configuration="file:$work/activemq/log4j.properties" -Dactivemq.home="$work/activemq" \
    -Dactivemq.base="$work/activemq" -cp "$path" org.apache.activemq.console.Main start "xbean:file:$work/activemq/activemq.xml" \
    >activemq.out 2>&1 </dev/null &
  activemq=$!
  brokers+=("$activemq")
  wait_for ActiveMQ activemq.out "Apache ActiveMQ .* started" "$activemq"
}

end_activemq() {
  kill "$activemq"
  wait "$activemq" || true
  unset 'brokers[-1]'
}
