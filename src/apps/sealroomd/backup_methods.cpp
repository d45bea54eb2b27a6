#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "home.hpp"
#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/backup.hpp"
#include "sealroom/policy/read_configuration.hpp"

// Methods for copies of the ledger: it is copied on the writing desk, and read piece by piece on the reading desk.
namespace sealroom::daemon {
namespace {

constexpr std::size_t kPiece = 384 * 1024;  // of a file, before base64: one answer

std::unexpected<Error> unreadable(std::string_view what) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", kBackupCopy, what, strerror(errno)),
              "make the backup again");
}

// The copy under its name is for nobody else, and for a moment.
Result<Fd> take_copy() {
  Fd copy(open(kBackupCopy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!copy) return unreadable("cannot be opened");
  if (unlink(kBackupCopy) != 0) return unreadable("cannot be removed");
  return copy;
}

Result<Bytes> piece_of(const BackupFile& file, std::uint64_t from) {
  if (from >= file.size) return Bytes{};
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(file.size - from, kPiece));
  if (!file.copy) return copy(as_bytes(std::string_view(file.text).substr(static_cast<std::size_t>(from), most)));
  Bytes octets(most);
  const auto got = pread(file.copy.get(), octets.data(), octets.size(), static_cast<off_t>(from));
  if (got <= 0) return unreadable("cannot be read");
  octets.resize(static_cast<std::size_t>(got));
  return octets;
}

Result<Digest> digest_of(const BackupFile& file) {
  Sha256 digest;
  for (std::uint64_t from = 0; from < file.size;) {
    auto piece = piece_of(file, from);
    if (!piece) return pass_on(piece);
    digest.add(*piece);
    from += piece->size();
  }
  return digest.finish();
}

BackupFile text_file(std::string path, std::string text) {
  const auto size = text.size();
  return {.path = std::move(path), .size = size, .text = std::move(text), .copy = Fd()};
}

// What a ledger needs beside it to be an appliance again, and what an auditor can check it by.
Result<Done> add_texts(const Daemon& daemon, LeavingBackup& backup) {
  for (const auto& file : daemon.configuration.files()) backup.files.push_back(text_file(file.name, file.text));
  auto data = read_data_files(daemon.configuration, ".");
  if (!data) return pass_on(data);
  for (auto& file : *data) backup.files.push_back(text_file(std::move(file.name), std::move(file.text)));
  auto head = log_export(daemon.ledger);
  if (!head && head.error().kind == ErrorKind::NeedsPerson) return Done{};  // nothing was ever signed
  if (!head) return pass_on(head);
  backup.files.push_back(text_file("checkpoint", head->checkpoint));
  backup.files.push_back(text_file("log-key.pem", head->log_key));
  return Done{};
}

}  // namespace

Result<Json> backup_make(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  LeavingBackup backup{.name = parameters.text("name"), .ledger = {}, .files = {}};
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  unlink(kBackupCopy);  // of a daemon that was killed
  auto made = make_backup(work, backup.name, kBackupCopy);
  if (!made) return pass_on(made);
  auto copy = take_copy();
  if (!copy) return pass_on(copy);
  struct stat status{};
  if (fstat(copy->get(), &status) != 0) return unreadable("cannot be examined");
  backup.files.push_back(
      {.path = "ledger.db", .size = static_cast<std::uint64_t>(status.st_size), .text = {}, .copy = std::move(*copy)});
  auto digest = digest_of(backup.files.front());
  if (!digest) return pass_on(digest);
  backup.ledger = *digest;
  auto added = add_texts(daemon, backup);
  if (!added) return pass_on(added);
  Json answer{{"name", backup.name}, {"ledger_sha256", to_hex(backup.ledger)}, {"files", Json::array()}};
  for (const auto& file : backup.files) answer["files"].push_back({{"path", file.path}, {"size", file.size}});
  const std::lock_guard guard(request.session->backup_mutex);
  request.session->backup = std::move(backup);
  return answer;
}

Result<Json> backup_read(Daemon&, Request& request) {
  Parameters parameters(request.parameters);
  const auto index = parameters.number("file");
  const auto from = parameters.number("from").value_or(0);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  const std::lock_guard guard(request.session->backup_mutex);
  const auto& backup = request.session->backup;
  if (!backup || !index || *index >= backup->files.size()) {
    return fail(ErrorKind::Usage, "there is no such file of a backup on this connection");
  }
  auto piece = piece_of(backup->files[static_cast<std::size_t>(*index)], from);
  if (!piece) return pass_on(piece);
  return Json{{"octets", to_base64(*piece)}};
}

Result<Json> backup_written(Daemon&, Request& request, const Work& work) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  const std::lock_guard guard(request.session->backup_mutex);
  auto& backup = request.session->backup;
  if (!backup) return fail(ErrorKind::Usage, "no backup is being written on this connection");
  auto recorded = backup_is_written(work, backup->name, backup->ledger);
  if (!recorded) return pass_on(recorded);
  Json answer{{"name", backup->name}};
  backup.reset();
  return answer;
}

}  // namespace sealroom::daemon
