#include "command.hpp"

namespace sealroom::cli {

std::span<const NamedCommand> commands() {
  static constexpr NamedCommand kCommands[] = {
      {"init", "init [--softhsm] [--module PATH] [--profiles guide|modern]", "make a home", &init},
      {"status", "status", "what there is, and what needs a person", &status},
      {"doctor", "doctor", "everything that a ceremony will need: what is well, and what to do", &doctor},
      {"unlock",
       "unlock [ISSUER|log]... | --all [--pin-file F | --pin-fd N] [--accept-final-try] "
       "[--confirm-time T] [--trust-checkpoint F]",
       "log in to tokens, after a person has confirmed the time", &unlock},
      {"lock", "lock [ISSUER|log]...", "log out of tokens (all, when none is named)", &lock},
      {"ceremony check", "ceremony check SCRIPT", "validate a ceremony script and print what will happen",
       &ceremony_check},
      {"ceremony run", "ceremony run SCRIPT [--medium DIR] [--pin-file F | --pin-fd N]", "perform a ceremony",
       &ceremony_run},
      {"check", "check [--issuer I --profile P] [--issuer-cert F] PATH...",
       "judge requests by every rule that they alone decide; needs no daemon", &check},
      {"import", "import MEDIUM [--days N] [--not-before T] [--not-after T] [--reissue FILE --reason WHY]",
       "decide on the requests of a medium; makes a batch and its plans", &import},
      {"batch list", "batch list", "the batches, newest first", &batch_list},
      {"batch show", "batch show BATCH", "a batch's plans and requests in full", &batch_show},
      {"batch replan", "batch replan BATCH", "plan again, as a new batch, what was not issued", &batch_replan},
      {"sign", "sign BATCH[/ISSUER]", "issue what is planned", &sign},
      {"export", "export BATCH MEDIUM [--partial]", "write certificates, chains, report and audit material",
       &export_batch},
      {"process", "process MEDIUM [--days N] [--not-before T] [--not-after T] [--reissue FILE --reason WHY]",
       "import, sign and export in one go", &process},
      {"issuer list", "issuer list", "the issuers and their states", &issuer_list},
      {"issuer show", "issuer show ISSUER", "an issuer's key, evidence and certificates", &issuer_show},
      {"issuer request", "issuer request ISSUER [MEDIUM --for PARENT/PROFILE]",
       "the issuer's own request; onto a medium for another appliance", &issuer_request},
      {"issuer install", "issuer install ISSUER FILE... [--fingerprint HEX8]",
       "install a certificate that was signed elsewhere, with its chain", &issuer_install},
      {"key list", "key list", "the private keys on unlocked tokens, and whose they are", &key_list},
      {"key adopt",
       "key adopt OWNER [KEY] --reason WHY [--confirm HEX8] [--pin-file F | --pin-fd N] [--accept-final-try] "
       "[--confirm-time T]",
       "take a key into use that lies on the token already, or a copy of the owner's key", &key_adopt},
      {"key destroy",
       "key destroy OWNER KEY [--confirm HEX8] [--pin-file F | --pin-fd N] [--accept-final-try] [--confirm-time T]",
       "destroy a private key that nobody uses", &key_destroy},
      {"key foreign",
       "key foreign OWNER KEY --reason WHY [--confirm HEX8] [--pin-file F | --pin-fd N] [--accept-final-try] "
       "[--confirm-time T]",
       "leave an unknown key alone: it belongs to somebody else", &key_foreign},
      {"certificate list", "certificate list [--issuer ISSUER]", "the certificates in the ledger", &certificate_list},
      {"certificate show", "certificate show SERIAL [--issuer ISSUER]", "one certificate", &certificate_show},
      {"audit show", "audit show [--batch BATCH] [--from N]", "the log's entries", &audit_show},
      {"audit export", "audit export MEDIUM", "the whole log with its checkpoints, for sealroom-verify", &audit_export},
      {"audit prove", "audit prove --entry N | --from SIZE [--to SIZE]",
       "the proof that an entry is in the log, or that the log of one size continues another", &audit_prove},
      {"audit verify", "audit verify [--trust-checkpoint F]", "recompute the whole log and compare", &audit_verify},
      {"audit rotate-key", "audit rotate-key", "give the log a new key, which the old one signs for",
       &audit_rotate_key},
      {"audit replace-key",
       "audit replace-key --lost --reason WHY [--pin-file F | --pin-fd N] [--accept-final-try] [--confirm-time T]",
       "give the log a new key where the old one is lost; the log keeps the reason for ever", &audit_replace_key},
      {"backup", "backup MEDIUM", "copy the ledger and the configuration; needs no token", &backup},
      {"restore", "restore BACKUP [--export DIR]... [--log-key PEM]... | --export DIR... [--log-key PEM]...",
       "make a home of a backup and of what was exported later; or bring exports into the home, its daemon being "
       "stopped; --log-key vouches for a log key that this log does not know",
       &restore},
      {"recover", "recover [--accept-gap] | --correct-clock",
       "account for what a crash left without an outcome, and plan it again", &recover},
  };
  return kCommands;
}

}  // namespace sealroom::cli
