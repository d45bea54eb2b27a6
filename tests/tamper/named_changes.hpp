#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "memory_files.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/log/checkpoint.hpp"

// Changes that somebody could make, and the finding that each must bring at least. Those of a batch fit an export with
// an intermediate's certificates server_cert/a, server_cert/b and a refused request.
namespace sealroom::testing {

struct NamedChange {
  const char* finding;
  const char* what;
  std::function<void(MemoryFiles&)> make;
};

inline void replace(MemoryFiles& export_, const std::string& path, const std::string& what, const std::string& with) {
  auto& text = export_.files.at(path);
  const auto at = text.find(what);
  if (at == std::string::npos) {
    std::cerr << path << " does not hold " << what << "\n";
    std::exit(1);
  }
  text.replace(at, what.size(), with);
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

// Hands the lines of `path` to `change`, and joins them again.
inline void with_lines(MemoryFiles& export_, const std::string& path,
                       const std::function<void(std::vector<std::string>&)>& change) {
  auto lines = lines_of(export_.files.at(path));
  change(lines);
  export_.files[path].clear();
  for (const auto& line : lines) export_.files[path] += line;
}

inline auto first_with(std::vector<std::string>& lines, const std::string& text) {
  return std::ranges::find_if(lines, [&](const auto& line) { return line.find(text) != std::string::npos; });
}

inline const std::string kA = "intermediate/server_cert/a";
inline const std::string kB = "intermediate/server_cert/b";
inline const std::string kRestored = "certificate.restored";
inline const std::string kBatchEntries = "audit/entries.jsonl";

inline const std::string kEvil = "\x1b[31m\xff";

// Of the request whose certificate is kA.
inline void change_report(MemoryFiles& export_, const char* member, const std::string& value) {
  auto report = Json::parse(export_.files["report.json"]);
  for (auto& request : report["requests"]) {
    if (request.value("name", "") == "a" && request["verdict"] == "accepted") request[member] = value;
  }
  export_.files["report.json"] = report.dump(2) + "\n";
}

inline std::vector<NamedChange> changes_of_a_batch() {
  return {
      {"verify.missing-file", "a certificate is gone", [](auto& e) { e.files.erase(kA + ".cert.pem"); }},
      {"verify.missing-file", "a proof is gone", [](auto& e) { e.files.erase("audit/proofs/" + kA + ".proof"); }},
      {"verify.missing-file", "the previous checkpoint is gone",
       [](auto& e) {
         e.files.erase("audit/proofs/previous-checkpoint");
         e.files.erase("audit/proofs/consistency");
       }},
      {"verify.unexpected-file", "another certificate",
       [](auto& e) { e.files[kA + "2.cert.pem"] = e.files[kA + ".cert.pem"]; }},
      {"verify.unreadable", "the report is no JSON", [](auto& e) { replace(e, "report.json", "{", "["); }},
      {"verify.plan-requests", "more requests than entries",
       [](auto& e) {
         for (int i = 0; i < 100; ++i) e.files["audit/plan/intermediate.requests.jsonl"] += "{}\n";
       }},
      {"verify.log-key", "text behind the key", [](auto& e) { e.files["audit/log-key.pem"] += "x\n"; }},
      {"verify.checkpoint", "another size", [](auto& e) { replace(e, "audit/checkpoint", "\n", "\n1"); }},
      {"verify.entry", "a blank", [](auto& e) { replace(e, kBatchEntries, ":", ": "); }},
      {"verify.entry", "another order",
       [](auto& e) { with_lines(e, kBatchEntries, [](auto& lines) { std::swap(lines[0], lines[1]); }); }},
      {"verify.event", "an event that nobody knows",
       [](auto& e) { replace(e, kBatchEntries, "\"batch.imported\"", "\"batch.imagined\""); }},
      {"verify.entry-chain", "another subject in the middle",
       [](auto& e) { replace(e, kBatchEntries, "CN=a.", "CN=c."); }},
      {"verify.lifecycle", "never started",
       [](auto& e) {
         with_lines(e, kBatchEntries, [](auto& lines) { lines.erase(first_with(lines, "certificate.started")); });
       }},
      {"verify.inclusion", "the proof of another entry",
       [](auto& e) { replace(e, "audit/proofs/" + kA + ".proof", "index ", "index 1"); }},
      {"verify.inclusion", "two proofs change places",
       [](auto& e) { std::swap(e.files["audit/proofs/" + kA + ".proof"], e.files["audit/proofs/" + kB + ".proof"]); }},
      {"verify.consistency", "from another size",
       [](auto& e) { replace(e, "audit/proofs/consistency", "from ", "from 1"); }},
      {"verify.consistency", "this checkpoint as the previous one",
       [](auto& e) { e.files["audit/proofs/previous-checkpoint"] = e.files["audit/checkpoint"]; }},
      {"verify.export-entry", "another page", [](auto& e) { e.files["report.html"] += " "; }},
      {"verify.export-entry", "the export's entry is gone",
       [](auto& e) { with_lines(e, kBatchEntries, [](auto& lines) { lines.pop_back(); }); }},
      {"verify.entry", "an entry of no batch", [](auto& e) { replace(e, kBatchEntries, "\"batch\":", "\"batsh\":"); }},
      {"verify.export-entry", "a refusal is gone",
       [](auto& e) {
         with_lines(e, kBatchEntries, [](auto& lines) { lines.erase(first_with(lines, "request.refused")); });
       }},
      {"verify.configuration", "a longer validity",
       [](auto& e) { replace(e, "audit/config/sealroom.yaml", "days: 3", "days: 2"); }},
      {"verify.configuration", "no configuration",
       [](auto& e) { replace(e, "audit/config/sealroom.yaml", "sealroom: 1", "sealroom: 2"); }},
      {"verify.plan", "valid for longer",
       [](auto& e) { replace(e, "audit/plan/intermediate.json", "\"valid_until\":\"2", "\"valid_until\":\"3"); }},
      {"verify.plan-requests", "another file",
       [](auto& e) { replace(e, "audit/plan/intermediate.requests.jsonl", "a.csr", "A.csr"); }},
      {"verify.plan-membership", "two leaves change places",
       [](auto& e) {
         with_lines(e, "audit/plan/intermediate.leaves", [](auto& lines) { std::swap(lines[0], lines[1]); });
       }},
      {"verify.report", "a refusal becomes consent",
       [](auto& e) { replace(e, "report.json", "\"verdict\": \"refused\"", "\"verdict\": \"accepted\""); }},
      {"verify.report", "another subject", [](auto& e) { replace(e, "report.json", "CN=a.", "CN=c."); }},
      {"verify.plan", "a plan that a terminal would obey",
       [](auto& e) {
         for (const auto* ending : {".json", ".requests.jsonl", ".leaves"}) {
           e.files[std::string("audit/plan/") + kEvil + ending] =
               e.files[std::string("audit/plan/intermediate") + ending];
         }
         e.files[std::string("audit/plan/") + kEvil + ".requests.jsonl"] += "{ }\n";
         e.files[std::string("audit/plan/") + kEvil + ".leaves"] += "00\n";
       }},
      {"verify.certificate", "a report that a terminal would obey",
       [](auto& e) { change_report(e, "sha256", "\x1b[31m"); }},
      {"verify.missing-file", "a name that a terminal would obey",
       [](auto& e) { change_report(e, "name", "\x1b[31m"); }},
      {"verify.inclusion", "a name that a terminal would obey, and a proof",
       [](auto& e) {
         change_report(e, "name", "\x1b[31m");
         e.files["audit/proofs/intermediate/server_cert/\x1b[31m.proof"] = e.files["audit/proofs/export.proof"];
       }},
      {"verify.ca", "the root first",
       [](auto& e) {
         e.files["ca/ca-chain.cert.pem"] = e.files["ca/root.cert.pem"] + e.files["ca/intermediate.cert.pem"];
       }},
      {"verify.ca", "more authorities than anybody has",
       [](auto& e) {
         for (int i = 0; i < 64; ++i) e.files["ca/ca-chain.cert.pem"] += e.files["ca/root.cert.pem"];
       }},
      {"verify.ca", "no root", [](auto& e) { e.files["ca/ca-chain.cert.pem"] = e.files["ca/intermediate.cert.pem"]; }},
      {"verify.certificate", "two certificates change places",
       [](auto& e) { std::swap(e.files[kA + ".cert.pem"], e.files[kB + ".cert.pem"]); }},
      {"verify.certificate-chain", "no chain", [](auto& e) { e.files[kA + ".chain.pem"] = e.files[kA + ".cert.pem"]; }},
      {"verify.certificate-chain", "no root in the full chain",
       [](auto& e) { e.files[kA + ".fullchain.pem"] = e.files[kA + ".chain.pem"]; }},
      {"verify.serial", "one serial twice",
       [](auto& e) {
         auto report = Json::parse(e.files["report.json"]);
         for (auto& request : report["requests"]) {
           if (request["verdict"] == "accepted") request = report["requests"][0];
         }
         e.files["report.json"] = report.dump(2) + "\n";
       }},
      {"verify.validity", "a later end",
       [](auto& e) {
         with_lines(e, kBatchEntries, [](auto& lines) {
           auto& line = *first_with(lines, "certificate.issued");
           line.replace(line.find("\"not_after\":\"2") + 13, 1, "3");
         });
       }},
  };
}

// Of a batch that left after the log's key was rotated.
inline std::vector<NamedChange> changes_after_rotation() {
  return {
      {"verify.missing-file", "the rotation is gone", [](auto& e) { e.files.erase("audit/log-keys.jsonl"); }},
      {"verify.log-key-change", "the old key has not signed",
       [](auto& e) {
         with_lines(e, "audit/log-keys.jsonl", [](auto& lines) {
           auto entry = Json::parse(lines[0]);
           entry["details"]["old_signature"] = entry["details"]["signature"];
           lines[0] = entry.dump() + "\n";
         });
       }},
      {"verify.log-key-change", "the new key has not signed",
       [](auto& e) {
         with_lines(e, "audit/log-keys.jsonl", [](auto& lines) {
           auto entry = Json::parse(lines[0]);
           entry["details"]["signature"] = entry["details"]["old_signature"];
           lines[0] = entry.dump() + "\n";
         });
       }},
      {"verify.log-key-change", "replaced, says somebody, and not rotated",
       [](auto& e) { replace(e, "audit/log-keys.jsonl", "log.key-rotated", "log.key-replaced"); }},
      {"verify.log-key-change", "the keys in another order",
       [](auto& e) {
         auto& pem = e.files["audit/log-key.pem"];
         pem = pem.substr(pem.size() / 2) + pem.substr(0, pem.size() / 2);
       }},
      {"verify.log-key-change", "a checkpoint from before",
       [](auto& e) { e.files["audit/checkpoint"] = e.files["audit/proofs/previous-checkpoint"]; }},
  };
}

// A log whose key was rotated.
inline std::vector<NamedChange> changes_of_a_rotated_log() {
  return {
      {"verify.log-key-change", "over another log",
       [](auto& e) {
         with_lines(e, "log.jsonl", [](auto& lines) {
           auto& line = *first_with(lines, "log.key-rotated");
           auto entry = Json::parse(line);
           entry["details"]["root"] = std::string(64, '0');
           line = entry.dump() + "\n";
         });
       }},
      {"verify.log-key-change", "an earlier key is gone",
       [](auto& e) { e.files["log-key.pem"].resize(e.files["log-key.pem"].size() / 2); }},
      {"verify.log-key-change", "the rotation is gone",
       [](auto& e) {
         with_lines(e, "log.jsonl", [](auto& lines) { lines.erase(first_with(lines, "log.key-rotated")); });
       }},
  };
}

// Takes the note over `size` entries out of the checkpoints.
inline void drop_checkpoint(MemoryFiles& export_, std::uint64_t size) {
  std::string left;
  for (const auto note : log::split_notes(export_.files.at("checkpoints"))) {
    const auto begin = note.find('\n') + 1;
    if (note.substr(begin, note.find('\n', begin) - begin) != std::to_string(size)) left += note;
  }
  export_.files["checkpoints"] = left;
}

// Writes the first entry of the event once more, as the newest one.
inline void repeat(MemoryFiles& export_, const std::string& event) {
  with_lines(export_, "log.jsonl", [&](auto& lines) {
    const auto again = *first_with(lines, "\"event\":\"" + event + "\"");
    lines.push_back(again);
  });
}

// The first certificate comes back from an export.
inline void come_back(MemoryFiles& export_) {
  repeat(export_, "certificate.issued");
  auto& text = export_.files["log.jsonl"];
  const std::string issued = "certificate.issued";
  text.replace(text.rfind(issued), issued.size(), kRestored);
}

// Of a log: changes that leave the ways of certificates as they can be, so `finding` must not be among the findings.
inline std::vector<NamedChange> legal_steps() {
  return {
      {"verify.lifecycle", "came back, and again",
       [](auto& e) {
         come_back(e);
         come_back(e);
       }},
      {"verify.lifecycle", "never seen here, and came back",
       [](auto& e) {
         come_back(e);
         with_lines(e, "log.jsonl", [](auto& lines) {
           const auto own = Json::parse(lines.back())["details"]["serial"].template get<std::string>();
           std::erase_if(lines, [&](const auto& line) {
             return line.find(own) != std::string::npos && line.find(kRestored) == std::string::npos;
           });
         });
       }},
      {"verify.lifecycle", "untried, and started again",
       [](auto& e) {
         repeat(e, "certificate.started");
         repeat(e, "certificate.issued");
         replace(e, "log.jsonl", "certificate.issued", "certificate.untried");
       }},
      {"verify.lifecycle", "planned, and too old",
       [](auto& e) {
         with_lines(e, "log.jsonl", [](auto& lines) {
           auto planned = *first_with(lines, "certificate.planned");
           auto entry = Json::parse(planned);
           entry["details"]["serial"] = "7F" + std::string(38, '0');
           for (const auto* event : {"certificate.planned", "certificate.expired"}) {
             entry["event"] = event;
             lines.push_back(entry.dump() + "\n");
           }
         });
       }},
  };
}

inline std::vector<NamedChange> changes_of_a_log() {
  return {
      {"verify.checkpoint", "one that left with an export is gone",
       [](auto& e) {
         std::uint64_t size = 0;
         for (const auto& line : lines_of(e.files.at("log.jsonl"))) {
           const auto entry = Json::parse(line);
           if (entry["event"] == "batch.exported") size = entry["details"]["previous_size"];
         }
         drop_checkpoint(e, size);
       }},
      {"verify.missing-file", "a configuration is gone",
       [](auto& e) { std::erase_if(e.files, [](const auto& file) { return file.first.ends_with("sealroom.yaml"); }); }},
      {"verify.missing-file", "an issuer is gone", [](auto& e) { e.files.erase("issuers/root.chain.pem"); }},
      {"verify.unexpected-file", "another issuer",
       [](auto& e) { e.files["issuers/other.chain.pem"] = e.files["issuers/root.chain.pem"]; }},
      {"verify.tree", "a shorter log",
       [](auto& e) { with_lines(e, "log.jsonl", [](auto& lines) { lines.pop_back(); }); }},
      {"verify.tree", "another subject", [](auto& e) { replace(e, "log.jsonl", "CN=a.", "CN=c."); }},
      {"verify.entry-chain", "an entry is gone",
       [](auto& e) { with_lines(e, "log.jsonl", [](auto& lines) { lines.erase(lines.begin() + 3); }); }},
      {"verify.export-entry", "an export of other entries",
       [](auto& e) { replace(e, "log.jsonl", "\"entries_sha256\":\"", "\"entries_sha256\":\"0"); }},
      {"verify.serial", "a serial is planned twice",
       [](auto& e) {
         with_lines(e, "log.jsonl", [](auto& lines) {
           const auto planned = *first_with(lines, "certificate.planned");
           lines.push_back(planned);
         });
       }},
      {"verify.lifecycle", "issued twice",
       [](auto& e) {
         with_lines(e, "log.jsonl", [](auto& lines) {
           const auto issued = *first_with(lines, "certificate.issued");
           lines.push_back(issued);
         });
       }},
      {"verify.lifecycle", "started and issued twice",
       [](auto& e) {
         repeat(e, "certificate.started");
         repeat(e, "certificate.issued");
       }},
      {"verify.lifecycle", "issued and never planned",
       [](auto& e) {
         with_lines(e, "log.jsonl", [](auto& lines) { lines.erase(first_with(lines, "certificate.planned")); });
       }},
      {"verify.lifecycle", "abandoned, and started again",
       [](auto& e) {
         replace(e, "log.jsonl", "certificate.issued", "certificate.abandoned");
         repeat(e, "certificate.started");
       }},
      {"verify.lifecycle", "came back, and was issued again",
       [](auto& e) {
         come_back(e);
         repeat(e, "certificate.started");
         repeat(e, "certificate.issued");
       }},
      {"verify.configuration", "a longer validity",
       [](auto& e) {
         for (auto& [path, text] : e.files) {
           if (path.ends_with("sealroom.yaml")) text += "\n";
         }
       }},
      {"verify.checkpoint", "a checkpoint twice", [](auto& e) { e.files["checkpoints"] += e.files["checkpoint"]; }},
      {"verify.checkpoint", "the newest is not among them",
       [](auto& e) { e.files["checkpoints"].resize(e.files["checkpoints"].size() - e.files["checkpoint"].size()); }},
      {"verify.ca", "the root instead of the intermediate",
       [](auto& e) { e.files["issuers/intermediate.chain.pem"] = e.files["issuers/root.chain.pem"]; }},
  };
}

}  // namespace sealroom::testing
