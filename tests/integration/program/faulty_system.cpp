// Preloaded into the program (LD_PRELOAD) by the tests of kills and faults: a system whose renames fail or are the moment
// of a kill, and whose clock is set back while the program runs. The environment says what happens:
//
//   FAULTY_RENAME_LOG=FILE   a byte is appended to FILE at every rename
//   FAULTY_RENAME_KILLS=N    SIGKILL just before the N-th rename
//   FAULTY_RENAME_FAILS=N    the N-th rename fails as on a network file system that lost the file (ESTALE)
//   FAULTY_CLOCK=SECONDS     every second look at the time of day finds it that many seconds earlier

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace {

std::atomic<long> renames{0}, looks{0};

long number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? 0 : std::atol(text);
}

template <class Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int rename(const char* from, const char* to) noexcept {
  static auto* const real = original<int(const char*, const char*)>("rename");
  const long number = ++renames;
  if (const char* log = std::getenv("FAULTY_RENAME_LOG"); log != nullptr) {
    const int file = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file >= 0) {
      const ssize_t written = ::write(file, ".", 1);
      static_cast<void>(written);
      ::close(file);
    }
  }
  if (number == number_in("FAULTY_RENAME_KILLS")) ::kill(::getpid(), SIGKILL);
  if (number == number_in("FAULTY_RENAME_FAILS")) {
    errno = ESTALE;
    return -1;
  }
  return real(from, to);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  static auto* const real = original<int(clockid_t, struct timespec*)>("clock_gettime");
  const int status = real(clock, time);
  if (status == 0 && clock == CLOCK_REALTIME && ++looks % 2 == 0) time->tv_sec -= number_in("FAULTY_CLOCK");
  return status;
}

}  // extern "C"
