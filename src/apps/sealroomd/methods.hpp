#pragma once

#include <span>
#include <variant>
#include <vector>

#include "daemon.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::daemon {

// Answers stay well below the longest frame, in octets and in rows.
inline constexpr std::size_t kAnswerOctets = std::size_t{512} * 1024;
inline constexpr std::size_t kPage = 200;

// A call as a method sees it.
struct Request {
  wire::Peer peer;
  Role role = Role::None;
  Json parameters;
  std::vector<Fd> descriptors;
  std::shared_ptr<Session> session;
};

// Runs on the reading desk, on the read-only view of the ledger.
using ReadingMethod = Result<Json> (*)(Daemon&, Request&);
// Runs on the writing desk. As a Job its answer is the job's name, and its result waits there.
using WritingMethod = Result<Json> (*)(Daemon&, Request&, const Work&);
// Runs as a job on the verifying desk, on a read-only view of its own; the writing desk notes what came of it.
using NoteMethod = Result<Done> (*)(Daemon&, const Work&, const Result<Json>&);
struct VerifyingJob {
  WritingMethod run;
  NoteMethod note;
};
// Runs at once on the server's thread: must not block, nor touch ledger or token.
struct AtOnce {
  ReadingMethod run;
};
// The same, and answers by itself: at once or later, from any thread.
struct Answering {
  void (*run)(Daemon&, Request&, const wire::Reply&);
};
struct AsJob {
  WritingMethod run;
};

struct Method {
  const char* name;
  Role least;  // the weakest role that may call it
  std::variant<AtOnce, Answering, ReadingMethod, VerifyingJob, WritingMethod, AsJob> run;
};

// Every method there is (docs/formats.md, Methods and roles).
std::span<const Method> methods();

// The methods, by what they are about.
// A key on a token, as answers tell it.
Json json_of(const StoredKey& stored);

Result<Json> status(Daemon&, Request&);
Result<Json> key_list(Daemon&, Request&);
Result<Json> doctor(Daemon&, Request&);
Result<Json> doctor_tokens(Daemon&, Request&, const Work&);
Result<Json> issuer_list(Daemon&, Request&);
Result<Json> issuer_show(Daemon&, Request&);
Result<Json> certificate_list(Daemon&, Request&);
Result<Json> certificate_show(Daemon&, Request&);
Result<Json> batch_list(Daemon&, Request&);
Result<Json> batch_show(Daemon&, Request&);
Result<Json> batch_report(Daemon&, Request&);
Result<Json> audit_lines(Daemon&, Request&);
Result<Json> audit_head(Daemon&, Request&);
Result<Json> audit_checkpoints(Daemon&, Request&);
Result<Json> audit_prove(Daemon&, Request&);
Result<Json> audit_verify(Daemon&, Request&, const Work&);
Result<Done> note_verification(Daemon&, const Work&, const Result<Json>&);

Result<Json> unlock_token(Daemon&, Request&, const Work&);
Result<Json> lock_token(Daemon&, Request&, const Work&);
Result<Json> generate_issuer_key(Daemon&, Request&, const Work&);
Result<Json> rotate_key_of_log(Daemon&, Request&, const Work&);
Result<Json> replace_key_of_log(Daemon&, Request&, const Work&);
Result<Json> key_adopt(Daemon&, Request&, const Work&);
Result<Json> key_destroy(Daemon&, Request&, const Work&);
Result<Json> key_foreign(Daemon&, Request&, const Work&);
Result<Json> self_sign_issuer(Daemon&, Request&, const Work&);
Result<Json> request_issuer(Daemon&, Request&, const Work&);
Result<Json> issue_issuer(Daemon&, Request&, const Work&);
Result<Json> install_issuer(Daemon&, Request&, const Work&);

Result<Json> clock_confirm(Daemon&, Request&, const Work&);
Result<Json> checkpoint_trust(Daemon&, Request&, const Work&);
Result<Json> clock_correct(Daemon&, Request&, const Work&);
Result<Json> recover_after_crash(Daemon&, Request&, const Work&);

Result<Json> backup_make(Daemon&, Request&, const Work&);
Result<Json> backup_read(Daemon&, Request&);
Result<Json> backup_written(Daemon&, Request&, const Work&);

void job_look(Daemon&, Request&, const wire::Reply&);
Result<Json> import_add(Daemon&, Request&);
Result<Json> import_run(Daemon&, Request&, const Work&);
Result<Json> batch_replan(Daemon&, Request&, const Work&);
Result<Json> sign_batch(Daemon&, Request&, const Work&);
Result<Json> export_describe(Daemon&, Request&);
Result<Json> export_open(Daemon&, Request&, const Work&);
Result<Json> export_next(Daemon&, Request&);

}  // namespace sealroom::daemon
