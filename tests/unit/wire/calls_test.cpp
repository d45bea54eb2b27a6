#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include <catch2/catch.hpp>

#include "../../../src/wire/frame.hpp"
#include "raw_client.hpp"
#include "sealroom/wire/client.hpp"
#include "sealroom/wire/message.hpp"
#include "served_home.hpp"

namespace sealroom::testing {
namespace {

using wire::Client;

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

TEST_CASE("a call and its answer pass the wire") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  CHECK(client->hello().at("role") == "admin");
  const Json sent = {{"text", "gr\u00fcn"}, {"list", {1, -2, true, nullptr}}, {"big", 9007199254740993}};
  for (int i = 0; i < 3; ++i) {
    const auto echoed = client->call("echo", sent);
    REQUIRE(echoed);
    CHECK(*echoed == sent);
  }
}

TEST_CASE("an answer brings octets of any value, none and many") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const std::size_t size = GENERATE(0, 1, 700'000);
  const auto answer = client->call("octets", {{"size", size}});
  REQUIRE(answer);
  CHECK(answer->at("size") == size);
  CHECK(answer->at(wire::kRawMember).get_binary() == Json::binary_t(Json::binary_t::container_type(size, 0)));
  CHECK(client->call("echo"));
}

TEST_CASE("more octets than a frame holds are an error, and the connection lives on") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  CHECK_FALSE(client->call("octets", {{"size", wire::kLongestFrame}}));
  CHECK(client->call("echo"));
}

TEST_CASE("octets stand behind a result that can have them, and behind nothing else") {
  const auto message =
      GENERATE(R"({"id":1,"result":[]})", R"({"id":1,"error":{}})", "7", R"({"result":{"octets":""}})");
  CHECK(wire::message_in(message, "answer"));
  CHECK_FALSE(wire::message_in(std::string(message) + std::string(1, '\0') + "octets", "answer"));
  const auto good = wire::message_in(std::string(R"({"result":{}})") + std::string("\0a\0", 3), "answer");
  REQUIRE(good);
  CHECK(good->at("result").at(wire::kRawMember).get_binary() == Json::binary_t({'a', 0}));
}

TEST_CASE("a call cannot bring octets") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.say(kHello));
  REQUIRE(client.hear());
  REQUIRE(client.say(request(1, "echo") + std::string("\0octets", 7)));
  const auto answer = client.hear();
  REQUIRE(answer);
  CHECK(answer->at("error").at("code") == -32700);
}

TEST_CASE("the daemon's error arrives with kind, message and hint, and the connection lives on") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto refused = client->call("no such thing");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::Token);
  CHECK(refused.error().message == "no such method");
  CHECK(refused.error().hint == "look it up");
  CHECK(client->call("echo"));
}

TEST_CASE("who is not admitted hears the daemon's own reason and takes no place") {
  ServedHome home;
  home.admit_nobody();
  for (int i = 0; i < 100; ++i) {
    const auto client = Client::connect(home.path());
    REQUIRE_FALSE(client);
    CHECK(client.error().message == "you have no role");
    CHECK(client.error().hint == "ask for one");
  }
  CHECK(home.greeted() == 0);
  CHECK(home.closed() == 0);
}

TEST_CASE("a refused hello carries the daemon's own reason and ends the connection") {
  ServedHome home;
  home.refuse_everybody();
  const auto client = Client::connect(home.path());
  REQUIRE_FALSE(client);
  CHECK(client.error().kind == ErrorKind::NeedsPerson);
  CHECK(client.error().message == "you are not known here");
  CHECK(client.error().hint == "ask the administrator for a role");
  RawClient raw(home.socket());
  raw.say(kHello);
  CHECK(complaint(raw.hear()) == "you are not known here");
  CHECK(raw.ended());
}

TEST_CASE("the daemon learns from the kernel who calls") {
  ServedHome home;
  const auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto peer = home.last_peer();
  CHECK(peer.uid == geteuid());
  CHECK(peer.gid == getegid());
  CHECK(peer.pid == getpid());
  CHECK(peer.connection > 0);
  std::vector<gid_t> groups(256);
  groups.resize(static_cast<std::size_t>(getgroups(256, groups.data())));
  CHECK(std::multiset<gid_t>(peer.groups.begin(), peer.groups.end()) ==
        std::multiset<gid_t>(groups.begin(), groups.end()));
}

TEST_CASE("an answer may come from another thread") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto echoed = client->call("threaded", {{"a", 1}});
  REQUIRE(echoed);
  CHECK(*echoed == Json{{"a", 1}});
}

TEST_CASE("two clients at once get their own answers, in whatever order these come") {
  ServedHome home;
  RawClient first(home.socket());
  RawClient second(home.socket());
  REQUIRE(first.greet());
  REQUIRE(second.greet());
  for (int id = 1; id <= 3; ++id) {
    REQUIRE(first.say(request(id, "later", {{"from", "first"}, {"id", id}})));
    REQUIRE(second.say(request(id, "later", {{"from", "second"}, {"id", id}})));
  }
  REQUIRE(soon([&] { return home.waiting() == 6; }));
  home.answer_latest_first();
  for (int id = 3; id >= 1; --id) {
    CHECK(first.hear() == Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", {{"from", "first"}, {"id", id}}}});
    CHECK(second.hear() == Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", {{"from", "second"}, {"id", id}}}});
  }
}

TEST_CASE("requests beyond the sixteenth wait for an answer to an earlier one, and are then served") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.greet());
  for (int id = 1; id <= 20; ++id) REQUIRE(client.say(request(id, "later", {{"id", id}})));
  REQUIRE(soon([&] { return home.waiting() == 16; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(home.waiting() == 16);
  home.answer_latest_first();
  for (int i = 0; i < 16; ++i) REQUIRE(client.hear());
  REQUIRE(soon([&] { return home.waiting() == 4; }));
  home.answer_latest_first();
  CHECK(client.hear()->at("id") == 20);
}

TEST_CASE("a call that the daemon lets go of is answered with an error") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto forgotten = client->call("forget");
  REQUIRE_FALSE(forgotten);
  CHECK(forgotten.error().kind == ErrorKind::Failed);
  CHECK(client->call("echo"));
}

wire::ServerLimits with_descriptors(std::size_t count) {
  wire::ServerLimits limits;
  limits.descriptors = count;
  return limits;
}

TEST_CASE("pipes arrive with their message and are closed after it") {
  ServedHome home(with_descriptors(2));
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto before = open_descriptors();
  {
    const Fd pin = pipe_with("123456\n");
    const Fd other = pipe_with("other");
    const auto contents = client->call("contents", Json::object(), {pin.get(), other.get()});
    REQUIRE(contents);
    CHECK(*contents == Json{"123456\n", "other"});
  }
  CHECK(soon([&] { return open_descriptors() == before; }));
}

TEST_CASE("descriptors belong to the frame they were sent beside, however the frames are cut up") {
  ServedHome home;
  RawClient client(home.socket());
  REQUIRE(client.greet());
  const Fd one = pipe_with("one");
  const Fd two = pipe_with("two");
  const auto first = framed(request(1, "contents"));
  // The first request and the beginning of the second leave in one piece, and are read by the daemon together.
  REQUIRE(client.send(first.substr(0, 9)));
  REQUIRE(client.send_beside(first.substr(9), {one.get()}));
  REQUIRE(client.send_beside(framed(request(2, "contents")), {two.get()}));
  REQUIRE(client.say(request(3, "contents")));
  CHECK(client.hear()->at("result") == Json{"one"});
  CHECK(client.hear()->at("result") == Json{"two"});
  CHECK(client.hear()->at("result") == Json::array());
}

TEST_CASE("as many descriptors as the limit are taken; one more ends the connection and leaks none") {
  ServedHome home(with_descriptors(4));
  const auto before = open_descriptors();
  {
    RawClient client(home.socket());
    REQUIRE(client.greet());
    const Fd file = pipe_with("x");
    const std::vector<int> four(4, file.get());
    const std::vector<int> five(5, file.get());
    REQUIRE(client.send_beside(framed(request(1, "contents")), four));
    CHECK(client.hear()->at("result").size() == 4);
    SECTION("in one piece") { REQUIRE(client.send_beside(framed(request(2, "contents")), five)); }
    SECTION("beside every octet") {
      for (const char octet : framed(request(2, "contents")).substr(0, 5)) {
        client.send_beside(std::string(1, octet), {file.get()});
      }
    }
    CHECK_THAT(complaint(client.hear()), Catch::Contains("more descriptors than the 4"));
    CHECK(client.ended());
  }
  CHECK(soon([&] { return open_descriptors() == before; }));
}

TEST_CASE("what is not a pipe is refused, ends the connection and is not kept") {
  ServedHome home;
  const auto before = open_descriptors();
  {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd one(ends[0]);
    const Fd other(ends[1]);
    const Fd file = memory_file("x");
    const Fd folder(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const Fd path(open("/", O_PATH | O_CLOEXEC));
    for (const int descriptor : {file.get(), folder.get(), path.get(), one.get()}) {
      RawClient client(home.socket());
      REQUIRE(client.greet());
      REQUIRE(client.send_beside(framed(request(1, "contents")), {descriptor}));
      CHECK(complaint(client.hear()) == "a descriptor that is not a pipe");
      CHECK(client.ended());
    }
  }
  CHECK(soon([&] { return open_descriptors() == before; }));
}

TEST_CASE("descriptors before hello are not taken") {
  ServedHome home;
  RawClient client(home.socket());
  const Fd file = pipe_with("x");
  REQUIRE(client.send_beside(framed(kHello), {file.get()}));
  CHECK_THAT(complaint(client.hear()), Catch::Contains("descriptors"));
  CHECK(client.ended());
  CHECK(home.greeted() == 0);
}

TEST_CASE("an answer as long as a frame passes; a longer one becomes an error") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto around = Json{{"jsonrpc", "2.0"}, {"id", 2}, {"result", ""}}.dump().size();
  const auto fits = client->call("large", {{"size", wire::kLongestFrame - around}});
  REQUIRE(fits);
  CHECK(fits->get<std::string>().size() == wire::kLongestFrame - around);
  const auto too_large = client->call("large", {{"size", wire::kLongestFrame - around + 1}});
  REQUIRE_FALSE(too_large);
  CHECK(too_large.error().kind == ErrorKind::Failed);
  CHECK_THAT(too_large.error().message, Catch::Contains("answer too large"));
  CHECK(client->call("echo"));
}

TEST_CASE("a request that is longer than a frame is not sent, and the connection stays good") {
  ServedHome home;
  auto client = Client::connect(home.path());
  REQUIRE(client);
  const auto refused = client->call("echo", {{"a", std::string(wire::kLongestFrame, 'x')}});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("too large"));
  CHECK(client->call("echo", {{"a", std::string(wire::kLongestFrame / 2, 'x')}}));
}

}  // namespace
}  // namespace sealroom::testing
