#include "infomtl/core/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "infomtl/core/errors.h"

namespace infomtl {

std::shared_ptr<const void> lock_file(const std::filesystem::path& file) {
  constexpr int kTries = 5;
  constexpr std::chrono::milliseconds kBetween(20);
  const int descriptor = open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (descriptor < 0) throw IoError(file.string() + ": cannot be opened");
  static constexpr char kHeld = 0;  // what the pointer points at; only its deleter matters
  std::shared_ptr<const void> lock(&kHeld, [descriptor](const void*) { close(descriptor); });
  for (int tries = 0; flock(descriptor, LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (tries == kTries) return nullptr;
    std::this_thread::sleep_for(kBetween);
  }
  return lock;
}

bool is_locked(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  close(descriptor);
  return locked;
}

}  // namespace infomtl
