// How fast a token signs when nothing else is done: C_Login, one session a thread, then C_SignInit and C_Sign of the same
// digest again and again. The benches set its figures beside those of `sealroom sign`.
//
//   raw-sign MODULE TOKEN_LABEL KEY_LABEL PIN_FILE COUNT THREADS
//
// Prints "RATE COST": signatures per second, and processor time for one in microseconds. Start and login count in neither.
#include <dlfcn.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <p11-kit/pkcs11.h>

namespace {

void need(CK_RV answer, const char* call) {
  if (answer == CKR_OK) return;
  throw std::runtime_error(std::string(call) + " answers " + std::to_string(answer));
}

CK_FUNCTION_LIST* load(const char* module) {
  void* library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (get == nullptr) throw std::runtime_error("the module has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  need(get(&functions), "C_GetFunctionList");
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  need(functions->C_Initialize(&arguments), "C_Initialize");
  return functions;
}

CK_SLOT_ID find_token(CK_FUNCTION_LIST& token, std::string_view label) {
  CK_ULONG size = 0;
  need(token.C_GetSlotList(CK_TRUE, nullptr, &size), "C_GetSlotList");
  std::vector<CK_SLOT_ID> slots(size);
  need(token.C_GetSlotList(CK_TRUE, slots.data(), &size), "C_GetSlotList");
  slots.resize(size);
  std::string padded(label);  // labels are padded with spaces (PKCS#11 v2.40, CK_TOKEN_INFO)
  padded.resize(sizeof(CK_TOKEN_INFO::label), ' ');
  for (const auto slot : slots) {
    CK_TOKEN_INFO info{};
    need(token.C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
    if (std::string_view(reinterpret_cast<const char*>(info.label), sizeof info.label) == padded) return slot;
  }
  throw std::runtime_error("no token has that label");
}

CK_SESSION_HANDLE open_session(CK_FUNCTION_LIST& token, CK_SLOT_ID slot) {
  CK_SESSION_HANDLE session = 0;
  need(token.C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session), "C_OpenSession");
  return session;
}

void log_in(CK_FUNCTION_LIST& token, CK_SESSION_HANDLE session, const char* pin_file) {
  std::ifstream file(pin_file);
  std::string pin;
  if (!std::getline(file, pin)) throw std::runtime_error("the PIN file cannot be read");
  need(token.C_Login(session, CKU_USER, reinterpret_cast<CK_UTF8CHAR_PTR>(pin.data()), pin.size()), "C_Login");
}

struct Key {
  CK_OBJECT_HANDLE handle = 0;
  CK_KEY_TYPE type = CKK_RSA;
};

Key find_key(CK_FUNCTION_LIST& token, CK_SESSION_HANDLE session, std::string label) {
  CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
  CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &private_key, sizeof private_key}, {CKA_LABEL, label.data(), label.size()}};
  need(token.C_FindObjectsInit(session, wanted, std::size(wanted)), "C_FindObjectsInit");
  Key key;
  CK_ULONG found = 0;
  need(token.C_FindObjects(session, &key.handle, 1, &found), "C_FindObjects");
  need(token.C_FindObjectsFinal(session), "C_FindObjectsFinal");
  if (found == 0) throw std::runtime_error("the token has no private key with that label");
  CK_ATTRIBUTE type{CKA_KEY_TYPE, &key.type, sizeof key.type};
  need(token.C_GetAttributeValue(session, key.handle, &type, 1), "C_GetAttributeValue");
  return key;
}

// What a thread does: signs as long as some of `left` is left.
void sign(CK_FUNCTION_LIST& token, CK_SESSION_HANDLE session, Key key, std::atomic<long>& left) {
  // RSA: DigestInfo of SHA-256 (RFC 8017 section 9.2, note 1) over a digest of zeros. EC: the digest.
  static constexpr CK_BYTE kDigestInfo[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                            0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  std::vector<CK_BYTE> message(32);
  if (key.type == CKK_RSA) message.insert(message.begin(), std::begin(kDigestInfo), std::end(kDigestInfo));
  std::vector<CK_BYTE> signature(1024);
  CK_MECHANISM mechanism{key.type == CKK_RSA ? CKM_RSA_PKCS : CKM_ECDSA, nullptr, 0};
  while (left-- > 0) {
    CK_ULONG size = signature.size();
    need(token.C_SignInit(session, &mechanism, key.handle), "C_SignInit");
    need(token.C_Sign(session, message.data(), message.size(), signature.data(), &size), "C_Sign");
  }
}

// The processor time of this process, in seconds.
double processor_time() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) throw std::runtime_error("getrusage fails");
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void sign_and_print(CK_FUNCTION_LIST& token, const std::vector<CK_SESSION_HANDLE>& sessions, Key key, long count) {
  std::atomic<long> left = count;
  std::vector<std::thread> threads;
  const double used = processor_time();
  const auto began = std::chrono::steady_clock::now();
  for (const auto session : sessions) threads.emplace_back([&, session] { sign(token, session, key, left); });
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto signatures = static_cast<double>(count);
  std::printf("%.2f %.2f\n", signatures / took.count(), (processor_time() - used) * 1e6 / signatures);
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc == 7 ? std::strtol(argv[5], nullptr, 10) : 0;
  const long threads = argc == 7 ? std::strtol(argv[6], nullptr, 10) : 0;
  if (count <= 0 || threads <= 0) {
    std::fprintf(stderr, "usage: raw-sign MODULE TOKEN_LABEL KEY_LABEL PIN_FILE COUNT THREADS\n");
    return 2;
  }
  try {
    auto& token = *load(argv[1]);
    const auto slot = find_token(token, argv[2]);
    std::vector<CK_SESSION_HANDLE> sessions;
    for (long i = 0; i < threads; ++i) sessions.push_back(open_session(token, slot));
    log_in(token, sessions.front(), argv[4]);
    sign_and_print(token, sessions, find_key(token, sessions.front(), argv[3]), count);
    need(token.C_Finalize(nullptr), "C_Finalize");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raw-sign: error: %s\n", error.what());
    return 1;
  }
}
