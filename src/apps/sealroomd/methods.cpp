#include "methods.hpp"

namespace sealroom::daemon {

std::span<const Method> methods() {
  static constexpr Method kMethods[] = {
      {"status", Role::Auditor, &status},
      {"doctor", Role::Auditor, &doctor},
      {"doctor.tokens", Role::Auditor, AsJob{&doctor_tokens}},
      {"key.list", Role::Auditor, &key_list},
      {"issuer.list", Role::Auditor, &issuer_list},
      {"issuer.show", Role::Auditor, &issuer_show},
      {"certificate.list", Role::Auditor, &certificate_list},
      {"certificate.show", Role::Auditor, &certificate_show},
      {"batch.list", Role::Auditor, &batch_list},
      {"batch.show", Role::Auditor, &batch_show},
      {"batch.report", Role::Auditor, &batch_report},
      {"audit.lines", Role::Auditor, &audit_lines},
      {"audit.head", Role::Auditor, &audit_head},
      {"audit.checkpoints", Role::Auditor, &audit_checkpoints},
      {"audit.prove", Role::Auditor, &audit_prove},
      {"audit.verify", Role::Auditor, VerifyingJob{&audit_verify, &note_verification}},
      {"job.look", Role::Auditor, Answering{&job_look}},
      {"unlock", Role::Operator, &unlock_token},
      {"lock", Role::Operator, &lock_token},
      {"clock.confirm", Role::Operator, &clock_confirm},
      {"checkpoint.trust", Role::Operator, &checkpoint_trust},
      {"import.add", Role::Operator, AtOnce{&import_add}},
      {"import.run", Role::Operator, AsJob{&import_run}},
      {"batch.replan", Role::Operator, AsJob{&batch_replan}},
      {"export.describe", Role::Operator, &export_describe},
      {"export.open", Role::Operator, AsJob{&export_open}},
      {"export.next", Role::Operator, &export_next},
      {"backup.make", Role::Operator, AsJob{&backup_make}},
      {"backup.read", Role::Operator, &backup_read},
      {"backup.written", Role::Operator, &backup_written},
      {"sign", Role::Officer, AsJob{&sign_batch}},
      {"issuer.request", Role::Officer, &request_issuer},
      {"issuer.install", Role::Officer, &install_issuer},
      {"key.adopt", Role::Officer, AsJob{&key_adopt}},
      {"key.destroy", Role::Officer, AsJob{&key_destroy}},
      {"key.foreign", Role::Officer, AsJob{&key_foreign}},
      {"recover", Role::Officer, AsJob{&recover_after_crash}},
      {"clock.correct", Role::Officer, AsJob{&clock_correct}},
      {"audit.rotate-key", Role::Officer, AsJob{&rotate_key_of_log}},
      {"audit.replace-key", Role::Officer, &replace_key_of_log},
      {"ceremony.generate-key", Role::Officer, AsJob{&generate_issuer_key}},
      {"ceremony.self-sign", Role::Officer, AsJob{&self_sign_issuer}},
      {"ceremony.issue", Role::Officer, AsJob{&issue_issuer}},
  };
  return kMethods;
}

}  // namespace sealroom::daemon
