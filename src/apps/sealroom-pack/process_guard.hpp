#pragma once

namespace sealroom::pack {

// To be called first. Keys and passwords pass through this process: no core file, no other process of this user reading
// along, OpenSSL's private numbers in locked memory, and whatever OpenSSL frees is wiped (it frees an encoded private
// key without). A file size limit becomes an error that is reported, not a reason to die with half a file.
void guard_process();

// Wipes what the functions called so far have left on the stack: OpenSSL reads PEM through buffers there.
void wipe_stack();

}  // namespace sealroom::pack
