#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include <catch2/catch.hpp>

#include "raw_client.hpp"
#include "sealroom/wire/client.hpp"
#include "sealroom/wire/message.hpp"
#include "served_home.hpp"

// Whatever one client does, another one that was there before and one that comes after are served.

namespace sealroom::testing {
namespace {

using namespace std::chrono_literals;
using wire::Client;

// A client that was there first; serves() also tries a new one.
class Bystander {
 public:
  explicit Bystander(const ServedHome& home) : home_(home), client_(Client::connect(home.path())) {}

  bool served() {
    auto newcomer = Client::connect(home_.path());
    return client_ && client_->call("echo") && newcomer && newcomer->call("echo");
  }

 private:
  const ServedHome& home_;
  Result<Client> client_;
};

wire::ServerLimits impatient() {
  wire::ServerLimits limits;
  limits.hello = 200ms;
  limits.frame = 200ms;
  limits.write = 200ms;
  return limits;
}

TEST_CASE("a frame of length 0, one octet too long, or 2^31 is refused at its header, before and after hello") {
  ServedHome home;
  Bystander bystander(home);
  const std::uint32_t length = GENERATE(0U, wire::kLongestFrame + 1, 0x80000000U, 0xffffffffU);
  const bool greeted = GENERATE(false, true);
  RawClient client(home.socket());
  if (greeted) REQUIRE(client.greet());
  REQUIRE(client.send(header_for(length)));
  CHECK_THAT(complaint(client.hear()), Catch::Contains("a frame of " + std::to_string(length) + " octets"));
  CHECK(client.ended());
  CHECK(bystander.served());
}

TEST_CASE("a frame of exactly the longest length is served") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.greet());
  const auto around = request(1, "echo", {{"a", ""}}).size();
  REQUIRE(client.say(request(1, "echo", {{"a", std::string(wire::kLongestFrame - around, 'x')}})));
  const auto answer = client.hear();
  REQUIRE(answer);
  CHECK(answer->at("id") == 1);
}

TEST_CASE("what is no JSON-RPC request ends the connection with the rule it breaks") {
  ServedHome home;
  Bystander bystander(home);
  const auto [text, rule] = GENERATE(table<std::string, std::string>({
      {"rubbish", "is not JSON"},
      {std::string("\0\xff\xfe", 3), "is not JSON"},
      {R"({"jsonrpc":"2.0","id":1,"method":"echo"} x)", "is not JSON"},
      {std::string(100'000, '['), "nesting is deeper than 32"},
      {R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1,"a":2}})", "stands twice"},
      {R"([{"jsonrpc":"2.0","id":1,"method":"echo"}])", "batches are not served"},
      {R"("echo")", "is not an object"},
      {R"({"id":1,"method":"echo"})", "jsonrpc is not \"2.0\""},
      {R"({"jsonrpc":2.0,"id":1,"method":"echo"})", "is not an integer"},
      {R"({"jsonrpc":"1.0","id":1,"method":"echo"})", "jsonrpc is not \"2.0\""},
      {R"({"jsonrpc":"2.0","method":"echo"})", "notifications are not served"},
      {R"({"jsonrpc":"2.0","id":null,"method":"echo"})", "id is neither"},
      {R"({"jsonrpc":"2.0","id":[1],"method":"echo"})", "id is neither"},
      {R"({"jsonrpc":"2.0","id":")" + std::string(129, 'i') + R"(","method":"echo"})", "id is neither"},
      {R"({"jsonrpc":"2.0","id":1})", "method is not text"},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", "method is not text"},
      {R"({"jsonrpc":"2.0","id":1,"method":""})", "method is not 1 to 128 octets"},
      {R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(129, 'm') + R"("})", "method is not 1 to 128 octets"},
      {R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[1]})", "params is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"method":"echo","params":null})", "params is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"method":"echo","extra":1})", "member \"extra\" is unknown"},
      {R"({"jsonrpc":"2.0","id":1,"result":1})", "member \"result\" is unknown"},
  }));
  const bool greeted = GENERATE(false, true);
  RawClient client(home.socket());
  if (greeted) REQUIRE(client.greet());
  REQUIRE(client.say(text));
  CHECK_THAT(complaint(client.hear()), Catch::Contains(rule));
  CHECK(client.ended());
  CHECK(bystander.served());
}

TEST_CASE("requests at the edge of what is allowed are served") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.greet());
  const auto text = GENERATE(std::string(R"({"jsonrpc":"2.0","id":-1,"method":"echo"})"),
                             R"({"jsonrpc":"2.0","id":18446744073709551615,"method":"echo","params":{}})",
                             R"({"jsonrpc":"2.0","id":"","method":"echo"})",
                             R"({"jsonrpc":"2.0","id":")" + std::string(128, 'i') + R"(","method":"echo"})",
                             R"( {"params":{"a":[[[[[[]]]]]]},"method":"echo","id":"\u0000","jsonrpc":"2.0"} )");
  REQUIRE(client.say(text));
  const auto answer = client.hear();
  REQUIRE(answer);
  CHECK(answer->contains("result"));
  CHECK(answer->at("id") == Json::parse(text).at("id"));
}

TEST_CASE("a violation that quotes a frame's worth of text is still answered") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.greet());
  const std::string name(wire::kLongestFrame / 2 - 100, '\x7f');
  const auto parameters = "{\"" + name + "\":1,\"" + name + "\":2}";
  REQUIRE(client.say(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":)" + parameters + "}"));
  CHECK_FALSE(complaint(client.hear()).empty());
  CHECK(client.ended());
}

TEST_CASE("the first message must be hello") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.say(request(7, "echo")));
  const auto answer = client.hear();
  CHECK_THAT(complaint(answer), Catch::Contains("the first message is not hello"));
  CHECK(answer->at("id") == 7);
  CHECK(answer->at("error").at("code") == -32600);
  CHECK(client.ended());
  CHECK(home.greeted() == 0);
}

TEST_CASE("a hello of another version is refused with both versions named") {
  ServedHome home;
  RawClient client(home.socket());
  SECTION("newer") {
    REQUIRE(client.say(request(1, "hello", {{"version", 2}, {"more", "news"}})));
    CHECK_THAT(complaint(client.hear()),
               Catch::Contains("protocol version 2") && Catch::Contains("the daemon version 1"));
  }
  SECTION("missing") {
    REQUIRE(client.say(request(1, "hello")));
    CHECK_THAT(complaint(client.hear()), Catch::Contains("version is missing"));
  }
  SECTION("text") {
    REQUIRE(client.say(request(1, "hello", {{"version", "1"}})));
    CHECK_THAT(complaint(client.hear()), Catch::Contains("not an integer"));
  }
  CHECK(client.ended());
  CHECK(home.greeted() == 0);
}

TEST_CASE("who says no hello in time is disconnected, even with half of one") {
  ServedHome home(impatient());
  RawClient silent(home.socket());
  RawClient half(home.socket());
  REQUIRE(half.send(framed(kHello).substr(0, 20)));
  CHECK_THAT(complaint(silent.hear()), Catch::Contains("no hello came within 200 ms"));
  CHECK_THAT(complaint(half.hear()), Catch::Contains("no hello came within 200 ms"));
  CHECK(silent.ended());
  CHECK(half.ended());
}

TEST_CASE("a greeted client may be silent as long as it likes") {
  ServedHome home(impatient());
  RawClient client(home.socket());
  REQUIRE(client.greet());
  std::this_thread::sleep_for(500ms);
  REQUIRE(client.say(request(1, "echo")));
  CHECK(client.hear());
}

TEST_CASE("a stalled frame ends its connection while another client is served") {
  ServedHome home(impatient());
  Bystander bystander(home);
  RawClient client(home.socket());
  REQUIRE(client.greet());
  SECTION("in its header") { REQUIRE(client.send(framed(request(1, "echo")).substr(0, 2))); }
  SECTION("in its text") { REQUIRE(client.send(framed(request(1, "echo")).substr(0, 30))); }
  CHECK(bystander.served());
  CHECK_THAT(complaint(client.hear()), Catch::Contains("not complete within 200 ms"));
  CHECK(client.ended());
  CHECK(bystander.served());
}

TEST_CASE("a client that sends octet by octet is served") {
  ServedHome home;
  RawClient client(home.socket());
  for (const char octet : framed(kHello) + framed(request(1, "echo", {{"a", 1}}))) {
    REQUIRE(client.send(std::string(1, octet)));
    std::this_thread::sleep_for(1ms);
  }
  CHECK(client.hear()->at("id") == "h");
  CHECK(client.hear()->at("result") == Json{{"a", 1}});
}

TEST_CASE("each frame has its own time, however many came before") {
  ServedHome home(impatient());
  RawClient client(home.socket());
  REQUIRE(client.greet());
  for (int id = 1; id <= 6; ++id) {
    const auto frame = framed(request(id, "echo"));
    REQUIRE(client.send(frame.substr(0, 10)));
    std::this_thread::sleep_for(60ms);
    REQUIRE(client.send(frame.substr(10)));
    REQUIRE(client.hear());
  }
}

TEST_CASE("a client that dies while its calls are served disturbs nobody") {
  ServedHome home;
  Bystander bystander(home);
  const pid_t child = fork();
  if (child == 0) {
    RawClient client(home.socket());
    client.greet();
    for (int id = 0; id < 5; ++id) client.say(request(id, "later"));
    pause();
    _exit(0);
  }
  REQUIRE(soon([&] { return home.waiting() == 5; }));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  REQUIRE(soon([&] { return home.closed() == 1; }));
  home.answer_latest_first();
  CHECK(bystander.served());
}

TEST_CASE("a client that stops sending ends its own connection only") {
  ServedHome home;
  Bystander bystander(home);
  RawClient client(home.socket());
  REQUIRE(client.greet());
  REQUIRE(client.send(framed(request(1, "echo")).substr(0, 12)));
  shutdown(client.fd(), SHUT_WR);
  CHECK(client.ended());
  CHECK(bystander.served());
}

TEST_CASE("a client that asks and never reads loses its connection, and holds a bounded number of answers") {
  auto limits = impatient();
  SECTION("by time") {}
  SECTION("by the octets that wait for it") { limits.write = 60s, limits.queued_octets = 2'000'000; }
  ServedHome home(limits);
  Bystander bystander(home);
  RawClient client(home.socket());
  REQUIRE(client.greet());
  for (int id = 1; id <= 16; ++id) REQUIRE(client.say(request(id, "large", {{"size", 500'000}})));
  CHECK(soon([&] { return home.closed() >= 1; }));
  CHECK(bystander.served());
}

TEST_CASE("a slow reader gets all of its answers") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.greet());
  for (int id = 1; id <= 12; ++id) REQUIRE(client.say(request(id, "large", {{"size", 500'000}})));
  std::this_thread::sleep_for(100ms);
  for (int id = 1; id <= 12; ++id) {
    const auto answer = client.hear();
    REQUIRE(answer);
    CHECK(answer->at("id") == id);
    CHECK(answer->at("result").get<std::string>().size() == 500'000);
  }
}

TEST_CASE("what a client has read no longer counts against it") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  for (int i = 0; i < 30; ++i) CHECK(client->call("large", {{"size", 500'000}}));
}

TEST_CASE("one user has a limit of its own") {
  wire::ServerLimits limits;
  limits.connections_of_user = 3;
  ServedHome home(limits);
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) REQUIRE(clients.emplace_back(home.socket()).greet());
  const auto one_more = Client::connect(home.path());
  REQUIRE_FALSE(one_more);
  CHECK(one_more.error().message == "too many clients of user " + std::to_string(getuid()) + " are connected");
  clients.pop_back();
  CHECK(soon([&] { return Client::connect(home.path()).has_value(); }));
}

TEST_CASE("connections beyond the limit are told so; places that fall free are given again") {
  wire::ServerLimits limits;
  limits.connections_of_user = limits.connections;
  ServedHome home(limits);
  std::vector<RawClient> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(home.socket());
  int greeted = 0;
  int told = 0;
  for (auto& client : clients) {
    client.say(kHello);
    const auto answer = client.hear();
    if (answer && answer->contains("result")) ++greeted;
    if (complaint(answer) == "too many clients are connected") ++told;
  }
  CHECK(greeted == 64);
  CHECK(told == 136);
  const auto one_more = Client::connect(home.path());
  REQUIRE_FALSE(one_more);
  CHECK(one_more.error().kind == ErrorKind::Failed);
  CHECK(one_more.error().message == "too many clients are connected");
  clients.clear();
  CHECK(soon([&] { return Client::connect(home.path()).has_value(); }));
}

TEST_CASE("without descriptors to spare the server waits, does not spin, and goes on afterwards") {
  ServedHome home;
  REQUIRE(Client::connect(home.path()));  // it serves by now; sanitizers need descriptors when its thread begins
  const Fd waiting(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(waiting.get()) + 1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  home.socket().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  const bool connected = ::connect(waiting.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const auto spent_before = std::clock();
  std::this_thread::sleep_for(500ms);
  const auto spent = std::clock() - spent_before;
  const bool restored = setrlimit(RLIMIT_NOFILE, &before) == 0;
  REQUIRE(connected);
  REQUIRE(restored);
  CHECK(spent < CLOCKS_PER_SEC / 10);
  CHECK(soon([&] { return Client::connect(home.path()).has_value(); }));
}

}  // namespace
}  // namespace sealroom::testing
