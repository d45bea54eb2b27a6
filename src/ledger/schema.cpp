#include "schema.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::ledger {
namespace {

// PRAGMA application_id of a ledger: "SEAL" in ASCII. With it file(1) and we know our files from others.
constexpr std::int64_t kApplicationId = 0x5345414c;

constexpr std::int64_t kSchemaVersion = 3;

// Octets are BLOBs, moments are seconds since 1970 in UTC. Nothing is ever deleted but an issuer's former chain,
// so a planned serial counts for ever.
//
// entry and node are the log; everything else can be told from the log's entries and the exported documents. A batch
// can be counted, and a plan's document written, only when all its requests are there: hence the deferred references.
//
// The column entry is the seq of the log entry that a row is compared with when it is read.
//
// Every index serves a question that is asked for each request or certificate; none may take time that grows with
// the number of certificates. (serial, issuer) in this order also answers for a serial alone.
constexpr const char* kSchema = R"sql(
BEGIN IMMEDIATE;

CREATE TABLE entry (
  seq   INTEGER PRIMARY KEY,
  batch TEXT,
  line  BLOB NOT NULL
) STRICT;
CREATE INDEX entry_of_batch ON entry (batch, seq) WHERE batch IS NOT NULL;

CREATE TABLE node (
  level INTEGER NOT NULL,
  idx   INTEGER NOT NULL,
  hash  BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL
) STRICT;

CREATE TABLE token_key (
  owner        TEXT PRIMARY KEY,
  uri          TEXT NOT NULL,
  token_label  TEXT NOT NULL,
  token_serial TEXT NOT NULL,
  key_id       BLOB NOT NULL,
  public_key   BLOB NOT NULL,
  evidence     TEXT NOT NULL,
  created      INTEGER NOT NULL,
  entry        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE issuer (
  name    TEXT PRIMARY KEY,
  state   TEXT NOT NULL CHECK (state IN ('configured', 'key', 'requested', 'active', 'retired')),
  request BLOB NOT NULL,
  entry   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE issuer_certificate (
  issuer   TEXT NOT NULL REFERENCES issuer (name),
  position INTEGER NOT NULL,
  der      BLOB NOT NULL,
  PRIMARY KEY (issuer, position)
) STRICT;

CREATE TABLE batch (
  id       TEXT PRIMARY KEY,
  day      TEXT NOT NULL,
  number   INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  ignored  TEXT NOT NULL,
  UNIQUE (day, number)
) STRICT;

CREATE TABLE request (
  batch    TEXT NOT NULL REFERENCES batch (id) DEFERRABLE INITIALLY DEFERRED,
  position INTEGER NOT NULL,
  path     BLOB NOT NULL,
  name     TEXT NOT NULL,
  issuer   TEXT NOT NULL,
  profile  TEXT NOT NULL,
  octets   BLOB NOT NULL,
  digest   BLOB NOT NULL CHECK (length(digest) = 32),
  verdict  TEXT NOT NULL,
  PRIMARY KEY (batch, position)
) STRICT;

CREATE TABLE plan (
  batch       TEXT NOT NULL REFERENCES batch (id) DEFERRABLE INITIALLY DEFERRED,
  issuer      TEXT NOT NULL,
  document    TEXT NOT NULL,
  digest      BLOB NOT NULL CHECK (length(digest) = 32),
  created     INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  entry       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (batch, issuer)
) STRICT;

CREATE TABLE certificate (
  id             INTEGER PRIMARY KEY,
  batch          TEXT NOT NULL,
  issuer         TEXT NOT NULL,
  profile        TEXT NOT NULL,
  request        INTEGER NOT NULL,
  position       INTEGER NOT NULL,
  name           TEXT NOT NULL,
  request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
  key_digest     BLOB NOT NULL CHECK (length(key_digest) = 32),
  serial         BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),
  subject        BLOB NOT NULL,
  not_before     INTEGER NOT NULL,
  not_after      INTEGER NOT NULL,
  to_be_signed   BLOB NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('planned', 'approved', 'started', 'issued', 'refused', 'rejected',
                                                'expired', 'abandoned')),
  reason         TEXT NOT NULL,
  certificate    BLOB NOT NULL,
  entry          INTEGER NOT NULL,
  UNIQUE (serial, issuer),
  UNIQUE (batch, issuer, position),
  FOREIGN KEY (batch, issuer) REFERENCES plan (batch, issuer) DEFERRABLE INITIALLY DEFERRED,
  CHECK ((state = 'issued') = (length(certificate) > 0))
) STRICT;
CREATE INDEX certificate_of_request ON certificate (batch, request, id);
CREATE INDEX certificate_by_request_digest ON certificate (request_digest, id);
CREATE INDEX certificate_by_key ON certificate (key_digest, subject, id);
CREATE INDEX certificate_by_subject ON certificate (issuer, subject, id);
CREATE INDEX certificate_by_state ON certificate (state, id);
CREATE INDEX certificate_issued ON certificate (issuer, id) WHERE state = 'issued';

CREATE TABLE export (
  id      INTEGER PRIMARY KEY,
  batch   TEXT NOT NULL REFERENCES batch (id),
  size    INTEGER NOT NULL,
  content BLOB NOT NULL CHECK (length(content) = 32)
) STRICT;
)sql";

// From version 1: rows learn which log entry speaks of them.
constexpr const char* kFromVersion1 = R"sql(
ALTER TABLE token_key ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE issuer ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
CREATE TEMP TABLE told AS
  SELECT seq, json_extract(CAST(line AS TEXT), '$.event') AS event,
         json_extract(CAST(line AS TEXT), '$.details.owner') AS owner,
         json_extract(CAST(line AS TEXT), '$.details.issuer') AS issuer, batch
  FROM entry
  WHERE instr(line, CAST('"event":"key.generated"' AS BLOB)) OR instr(line, CAST('"event":"plan.recorded"' AS BLOB))
     OR instr(line, CAST('"event":"issuer.' AS BLOB));
UPDATE token_key SET entry = coalesce(
  (SELECT max(seq) FROM told WHERE event = 'key.generated' AND told.owner = token_key.owner), 0);
UPDATE plan SET entry = coalesce(
  (SELECT max(seq) FROM told WHERE event = 'plan.recorded' AND told.batch = plan.batch AND told.issuer = plan.issuer), 0);
UPDATE issuer SET entry = coalesce(
  (SELECT max(seq) FROM told WHERE event = 'issuer.activated' AND told.issuer = issuer.name), 0);
DROP TABLE told;
)sql";

// From version 2: the certificates of one key are told apart by their subject.
constexpr const char* kFromVersion2 = R"sql(
DROP INDEX certificate_by_key;
CREATE INDEX certificate_by_key ON certificate (key_digest, subject, id);
)sql";

// Gives a finished file its name, when every octet of it is on storage.
Result<Done> keep(const std::string& partial, const std::string& name) {
  const Fd fd(::open(partial.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || fchmod(fd.get(), 0600) != 0 || fsync(fd.get()) != 0 || ::rename(partial.c_str(), name.c_str()) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made durable", printable(name)));
  }
  return sync_directory(std::filesystem::path(name).parent_path());
}

// A copy of the whole database as it is, durable and looked at, before anything is changed in it.
Result<Done> copy_before(sqlite::Connection& connection, const std::string& path, std::int64_t version) {
  const auto kept = fmt::format("{}.version-{}", path, version);
  const auto partial = kept + ".partial";
  ::unlink(partial.c_str());
  auto done = connection.run("VACUUM INTO ?1", partial);
  if (!done) return done;
  auto copy = sqlite::Connection::open(partial, SQLITE_OPEN_READONLY);
  if (!copy) return pass_on(copy);
  auto sound = (*copy)->number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
  if (!sound) return pass_on(sound);
  if (*sound != 0) return fail(ErrorKind::Integrity, fmt::format("{}: the copy is damaged", printable(partial)));
  return keep(partial, kept);
}

}  // namespace

Result<Done> apply_schema(sqlite::Connection& connection) {
  const auto script = fmt::format("{}PRAGMA application_id = {};\nPRAGMA user_version = {};\nCOMMIT;\n", kSchema,
                                  kApplicationId, kSchemaVersion);
  return connection.execute(script.c_str());
}

Result<std::int64_t> schema_version(sqlite::Connection& connection, const std::string& path) {
  const auto application = connection.number("PRAGMA application_id");
  if (!application || *application != kApplicationId) {
    return fail(ErrorKind::Integrity, fmt::format("{}: is not a ledger of sealroom", printable(path)),
                "it was damaged, or its making was interrupted; restore its backup, or make a new home");
  }
  auto version = connection.number("PRAGMA user_version");
  if (!version) return version;
  if (*version > kSchemaVersion) {
    return fail(ErrorKind::Integrity,
                fmt::format("{}: has schema version {}, newer than the {} that this program knows", printable(path),
                            *version, kSchemaVersion),
                "use the newer sealroom that wrote it");
  }
  if (*version < 1) {
    return fail(ErrorKind::Integrity, fmt::format("{}: has the unknown schema version {}", printable(path), *version));
  }
  return version;
}

Result<Done> migrate(sqlite::Connection& connection, const std::string& path, std::int64_t version) {
  if (version == kSchemaVersion) return Done{};
  auto copied = copy_before(connection, path, version);
  if (!copied) return pass_on(copied, fmt::format("{}: no copy before its schema changes", printable(path)));
  const auto script = fmt::format("BEGIN IMMEDIATE;{}{}PRAGMA user_version = {};\nCOMMIT;\n",
                                  version < 2 ? kFromVersion1 : "", kFromVersion2, kSchemaVersion);
  auto changed = connection.execute(script.c_str());
  if (changed) return changed;
  static_cast<void>(connection.run("ROLLBACK").has_value());  // the first error is the one that says what happened
  return pass_on(changed, fmt::format("{}: its schema was not changed", printable(path)));
}

}  // namespace sealroom::ledger
