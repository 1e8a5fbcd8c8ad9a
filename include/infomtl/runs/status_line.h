#pragma once
// Status line: one line on a terminal that is written over and over while something long goes on.
//
//   StatusLine line;
//   line.show("3 of 10 done, " + clock_text(750) + " left");
//   line.clear();                                        // before other output

#include <cstddef>
#include <string>

#include "infomtl/core/export.h"

namespace infomtl {

class INFOMTL_API StatusLine {
 public:
  /// Draws only when standard error is a terminal.
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool on_terminal() const { return terminal_; }
  /// Characters that fit on the terminal's line.
  std::size_t width() const;
  /// In place of what stands there, cut at the terminal's width.
  void show(const std::string& text);
  /// Clears the line, so that other output starts on a fresh one.
  void clear();

 private:
  bool terminal_;
  bool drawn_ = false;
};

/// Characters of a line of the terminal that a file descriptor is, 80 where it does not tell; std::string::npos where it is
/// no terminal.
INFOMTL_API std::size_t terminal_columns(int descriptor);

/// "0:42", "1:02:05".
INFOMTL_API std::string clock_text(double seconds);

}  // namespace infomtl
