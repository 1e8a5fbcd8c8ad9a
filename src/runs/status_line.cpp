#include "infomtl/runs/status_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "infomtl/core/utf8.h"

namespace infomtl {

StatusLine::StatusLine() : terminal_(isatty(STDERR_FILENO) == 1) {}
StatusLine::~StatusLine() { clear(); }

std::size_t StatusLine::width() const { return terminal_ ? terminal_columns(STDERR_FILENO) - 1 : 79; }

void StatusLine::show(const std::string& text) {
  if (!terminal_) return;
  std::fprintf(stderr, "\r\x1b[2K%s", shortened_to(text, width()).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void StatusLine::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[2K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

std::size_t terminal_columns(int descriptor) {
  if (isatty(descriptor) != 1) return std::string::npos;
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80U;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::max(0.0, seconds) + 0.5);
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

}  // namespace infomtl
