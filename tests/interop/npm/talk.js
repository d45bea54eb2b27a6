// Subscribes, publishes "hello", and waits for it: node talk.js PORT ROOT [CERTIFICATE KEY]
const fs = require("fs");
const mqtt = require("mqtt");
const [port, root, certificate, key] = process.argv.slice(2);
const client = mqtt.connect({
  protocol: "mqtts",
  host: "localhost",
  port: Number(port),
  protocolVersion: 4,
  reconnectPeriod: 0,
  connectTimeout: 20000,
  ca: fs.readFileSync(root),
  cert: certificate && fs.readFileSync(certificate),
  key: key && fs.readFileSync(key),
});
let received = false;
client.on("connect", () => {
  console.log(`connected ${client.stream.getProtocol()} ${client.stream.getCipher().name}`);
  client.subscribe("npm/mqtt", { qos: 1 }, () => client.publish("npm/mqtt", "hello", { qos: 1 }));
});
client.on("message", (topic, text) => {
  received = true;
  console.log(`received ${text}`);
  client.end();
});
client.on("error", (error) => {
  console.log(`refused: ${error.code} ${error.message.trim()}`);
  process.exit(1);
});
client.on("close", () => {
  if (!received) console.log("refused: the connection was closed");
  process.exit(received ? 0 : 1);
});
