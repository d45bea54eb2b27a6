#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "raw_client.hpp"
#include "sealroom/wire/client.hpp"
#include "served_home.hpp"

namespace sealroom::testing {
namespace {

using wire::Client;
using wire::Server;

Server::Callbacks silent() {
  return {[](const wire::Peer&) { return Result<Done>(Done{}); },
          [](const wire::Peer&) { return Result<Json>(Json::object()); },
          [](const wire::Peer&, wire::Call, wire::Reply) {}, [](const wire::Peer&) {}};
}

// A server at `path` that is never run, or why there is none.
Result<std::unique_ptr<Server>> listening(const std::string& path) { return Server::listen(path, {}, silent()); }

// Makes `directory` the working directory until this goes.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::string& directory) : before_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (chdir(directory.c_str()) != 0) throw std::runtime_error("chdir failed");
  }
  ~WorkingDirectory() {
    if (fchdir(before_.get()) != 0) std::abort();
  }

 private:
  Fd before_;
};

TEST_CASE("a stopped server has closed every connection, said so, and removed its socket") {
  ServedHome home;
  RawClient idle(home.socket());
  RawClient busy(home.socket());
  RawClient strange(home.socket());
  REQUIRE(idle.greet());
  REQUIRE(busy.greet());
  REQUIRE(busy.say(request(1, "later")));
  REQUIRE(soon([&] { return home.waiting() == 1; }));
  home.stop();
  CHECK(home.closed() == 3);
  CHECK(idle.ended());
  CHECK(busy.ended());
  CHECK(strange.ended());
  CHECK(access(home.socket().c_str(), F_OK) != 0);
  home.answer_latest_first();  // to nobody, and harmless
}

TEST_CASE("a server that was stopped before it ran returns at once") {
  TemporaryDirectory directory;
  auto server = listening(directory / "s");
  REQUIRE(server);
  (*server)->stop();
  (*server)->run();
  CHECK(access((directory / "s").c_str(), F_OK) != 0);
}

TEST_CASE("the socket may be reached by everybody, whatever the umask") {
  TemporaryDirectory directory;
  const mode_t before = umask(0777);
  const auto server = listening(directory / "s");
  umask(before);
  REQUIRE(server);
  struct stat status {};
  REQUIRE(stat((directory / "s").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0666);
}

TEST_CASE("a socket left by a dead daemon is replaced; anything else in its place stays") {
  TemporaryDirectory directory;
  SECTION("socket") {
    REQUIRE(mknod((directory / "s").c_str(), S_IFSOCK | 0600, 0) == 0);
    CHECK(listening(directory / "s"));
  }
  SECTION("file") {
    directory.write("s", "precious");
    const auto server = listening(directory / "s");
    REQUIRE_FALSE(server);
    CHECK_THAT(server.error().message, Catch::Contains("is not a socket"));
    CHECK(directory.read("s") == "precious");
  }
  SECTION("link to a socket elsewhere") {
    REQUIRE(mknod((directory / "other").c_str(), S_IFSOCK | 0600, 0) == 0);
    REQUIRE(symlink("other", (directory / "s").c_str()) == 0);
    CHECK_FALSE(listening(directory / "s"));
    CHECK(access((directory / "other").c_str(), F_OK) == 0);
  }
}

TEST_CASE("a socket's path of 107 octets is listened on; a longer or empty one is an error") {
  TemporaryDirectory directory;
  const auto stem = directory / "";
  CHECK(listening(stem + std::string(107 - stem.size(), 's')));
  for (const auto& path : {stem + std::string(108 - stem.size(), 's'), std::string()}) {
    const auto server = listening(path);
    REQUIRE_FALSE(server);
    CHECK_THAT(server.error().message, Catch::Contains("107"));
  }
}

TEST_CASE("a home with a path longer than a socket's may be is served") {
  TemporaryDirectory directory;
  std::string home = directory.path();
  for (int i = 0; i < 5; ++i) {
    home += "/" + std::string(60, 'h');
    REQUIRE(mkdir(home.c_str(), 0755) == 0);
  }
  REQUIRE(mkdir((home + "/run").c_str(), 0755) == 0);
  REQUIRE(Fd(open((home + "/sealroom.yaml").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));
  const WorkingDirectory here(home);
  auto server = listening("run/sealroomd.sock");
  REQUIRE(server);
  std::thread thread([&] { (*server)->run(); });
  const auto client = Client::connect(home);
  (*server)->stop();
  thread.join();
  CHECK(client);
}

TEST_CASE("a folder without sealroom.yaml is no home") {
  TemporaryDirectory directory;
  const auto path = GENERATE(std::string(""), "/missing");
  const auto client = Client::connect(directory.path() + path);
  REQUIRE_FALSE(client);
  CHECK(client.error().kind == ErrorKind::Usage);
  CHECK_THAT(client.error().message, Catch::Contains("is not a Sealroom home"));
  CHECK_THAT(client.error().hint, Catch::Contains("init"));
}

TEST_CASE("a home without a daemon names the command that starts one") {
  TemporaryDirectory directory;
  directory.write("sealroom.yaml", "");
  SECTION("no run folder") {}
  SECTION("no socket") { REQUIRE(mkdir((directory / "run").c_str(), 0755) == 0); }
  SECTION("a socket that nobody listens on") {
    REQUIRE(mkdir((directory / "run").c_str(), 0755) == 0);
    REQUIRE(mknod((directory / "run/sealroomd.sock").c_str(), S_IFSOCK | 0666, 0) == 0);
  }
  const auto client = Client::connect(directory.path());
  REQUIRE_FALSE(client);
  CHECK(client.error().kind == ErrorKind::Failed);
  CHECK(client.error().message == "no daemon is running for " + directory.path());
  CHECK_THAT(client.error().hint, Catch::Contains("sealroomd --home " + directory.path()));
}

// The error of Client::connect as user nobody, "" for a connection.
std::string connected_as_nobody(const std::string& home) {
  const Fd said = memory_file();
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    const auto client = Client::connect(home);
    const auto text = client ? std::string() : client.error().message + "|" + client.error().hint;
    _exit(write_all(said.get(), as_bytes(text), "answer") ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0 ? content_of(said) : "child failed";
}

TEST_CASE("who may not enter the home, or its run folder, is told so") {
  if (geteuid() != 0) {
    WARN("skipped: needs root to become another user");
    return;
  }
  ServedHome home;
  REQUIRE(chmod(home.path().c_str(), 0755) == 0);
  CHECK(connected_as_nobody(home.path()).empty());
  SECTION("home") { REQUIRE(chmod(home.path().c_str(), 0700) == 0); }
  SECTION("run") { REQUIRE(chmod((home.path() + "/run").c_str(), 0700) == 0); }
  CHECK_THAT(connected_as_nobody(home.path()),
             Catch::Contains("you may not reach the daemon") && Catch::Contains("permissions"));
}

// A daemon that accepts one client, says `octets`, and ends the connection.
class OneAnswer {
 public:
  explicit OneAnswer(std::string octets) {
    directory_.write("sealroom.yaml", "");
    directory_.write("run/x", "");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory_ / "run/sealroomd.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_.get(), 1) != 0) {
      throw std::runtime_error("no listener");
    }
    thread_ = std::thread([this, said = std::move(octets)] {
      const Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      send(client.get(), said.data(), said.size(), MSG_NOSIGNAL);
    });
  }
  ~OneAnswer() { thread_.join(); }
  const std::string& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  Fd listener_;
  std::thread thread_;
};

TEST_CASE("a daemon that ends the connection, or answers what was not asked, is an error") {
  const auto [octets, message] = GENERATE(table<std::string, std::string>({
      {"", "the daemon closed the connection"},
      {framed("{}").substr(0, 5), "the daemon closed the connection"},
      {framed(R"({"jsonrpc":"2.0","id":2,"result":{}})"), "is not a JSON-RPC answer to what was asked"},
      {framed(R"({"jsonrpc":"2.0","id":"1","result":{}})"), "is not a JSON-RPC answer to what was asked"},
      {framed(R"({"jsonrpc":"2.0","id":null,"result":{}})"), "is not a JSON-RPC answer to what was asked"},
      {framed(R"({"jsonrpc":"2.0","id":1})"), "is not a JSON-RPC answer to what was asked"},
      {framed(R"({"id":1,"result":{}})"), "is not a JSON-RPC answer to what was asked"},
      {framed(R"({"jsonrpc":"2.0","id":2,"error":{"code":-32001,"message":"m"}})"), "is not a JSON-RPC answer to what"},
      {framed(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"m"},"result":1})"), "is not a JSON-RPC"},
      {framed("[]"), "is not a JSON-RPC answer to what was asked"},
      {framed("rubbish"), "is not JSON"},
      {header_for(0), "a frame of 0 octets"},
      {header_for(0x7fffffff), "a frame of 2147483647 octets"},
      {framed(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"too many"}})"), "too many"},
  }));
  const OneAnswer daemon(octets);
  const auto client = Client::connect(daemon.path());
  REQUIRE_FALSE(client);
  CHECK(client.error().kind == ErrorKind::Failed);
  CHECK_THAT(client.error().message, Catch::Contains(message));
}

TEST_CASE("a daemon that answers what was asked is understood") {
  const OneAnswer daemon(framed(R"({"jsonrpc":"2.0","id":1,"result":{"role":"auditor"}})"));
  auto client = Client::connect(daemon.path());
  REQUIRE(client);
  CHECK(client->hello().at("role") == "auditor");
  SECTION("and its end is an error of the next call, and of every later one") {
    for (int i = 0; i < 2; ++i) {
      const auto answer = client->call("echo");
      REQUIRE_FALSE(answer);
      CHECK(answer.error().kind == ErrorKind::Failed);
      CHECK(answer.error().message == "the daemon closed the connection");
    }
  }
}

}  // namespace
}  // namespace sealroom::testing
