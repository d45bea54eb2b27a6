#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <string_view>
#include <vector>

namespace sealroom::testing {

// FaultyDisk stands between SQLite and its files while it lives: it counts what is written and synced, and fails on
// demand as a full or broken disk does. Only databases opened meanwhile go through it; they close before it goes.
class FaultyDisk {
 public:
  FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = "faulty-disk";
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) std::abort();
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }

  int write_error = SQLITE_OK;  // what a write answers instead of writing, once `writes_left` are done
  int writes_left = 0;
  int wal_sync_error = SQLITE_OK;    // what a sync of the write-ahead log answers instead of syncing
  int other_sync_error = SQLITE_OK;  // the same for the database itself
  int wal_syncs = 0;
  int other_syncs = 0;
  int writes = 0;

 private:
  struct File {
    sqlite3_io_methods const* methods;
    FaultyDisk* disk;
    bool is_wal;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }

  static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
    auto& disk = *static_cast<FaultyDisk*>(vfs->pAppData);
    auto& made = of(file);
    made.methods = nullptr;
    made.disk = &disk;
    made.is_wal = (flags & SQLITE_OPEN_WAL) != 0;
    const int outcome = disk.real_->xOpen(disk.real_, name, made.real(), flags, out_flags);
    if (made.real()->pMethods != nullptr) made.methods = methods();
    return outcome;
  }

  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    auto& disk = *of(file).disk;
    ++disk.writes;
    if (disk.write_error != SQLITE_OK && disk.writes_left-- <= 0) return disk.write_error;
    return real(file)->pMethods->xWrite(real(file), from, size, offset);
  }

  static int sync(sqlite3_file* file, int flags) {
    auto& disk = *of(file).disk;
    const bool is_wal = of(file).is_wal;
    ++(is_wal ? disk.wal_syncs : disk.other_syncs);
    const int error = is_wal ? disk.wal_sync_error : disk.other_sync_error;
    if (error != SQLITE_OK) return error;
    return real(file)->pMethods->xSync(real(file), flags);
  }

  // Everything else is passed on.
  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods kMethods{
        .iVersion = 2,
        .xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
        .xRead = [](sqlite3_file* f, void* to, int size,
                    sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, size, at); },
        .xWrite = write,
        .xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); },
        .xSync = sync,
        .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
        .xLock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); },
        .xUnlock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); },
        .xCheckReservedLock = [](sqlite3_file* f,
                                 int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
        .xFileControl = [](sqlite3_file* f, int op,
                           void* argument) { return real(f)->pMethods->xFileControl(real(f), op, argument); },
        .xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
        .xDeviceCharacteristics = [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
        .xShmMap = [](sqlite3_file* f, int page, int size, int extend,
                      void volatile** to) { return real(f)->pMethods->xShmMap(real(f), page, size, extend, to); },
        .xShmLock = [](sqlite3_file* f, int offset, int n,
                       int flags) { return real(f)->pMethods->xShmLock(real(f), offset, n, flags); },
        .xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
        .xShmUnmap = [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
        .xFetch = nullptr,
        .xUnfetch = nullptr,
    };
    return &kMethods;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
};

}  // namespace sealroom::testing
