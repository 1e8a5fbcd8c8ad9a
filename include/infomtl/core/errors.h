#pragma once
// Errors of infomtl: one hierarchy, each with a one-line message and the context it passed on its way out.
//
//   throw ConfigError("tweets.json#/losses/1/temprature: unknown key; did you mean \"temperature\"?");
//   with_context("task 'hate'", [&] { read(split); });       // an Error thrown inside reads "task 'hate': ..."
//   catch (const infomtl::Error& e) { std::fputs(e.what(), stderr); return e.exit_status(); }

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// Base of everything infomtl throws. what() is "outermost context: ...: message", one line.
class INFOMTL_API Error : public std::exception {
 public:
  explicit Error(std::string message);

  const char* what() const noexcept override { return text_.c_str(); }
  /// What a program returns for it: 2 for the user's mistakes, 1 for anything else.
  virtual int exit_status() const noexcept { return 1; }
  /// Puts a place (file, line, task, term, step) before the message.
  void add_context(std::string_view context);

 private:
  std::string text_;
};

/// The user's mistake: a config, a data file, a model folder or a command line that cannot be taken as it is.
class INFOMTL_API UserError : public Error {
 public:
  using Error::Error;
  int exit_status() const noexcept override { return 2; }
};

/// A config field that is unknown, missing, of the wrong type or out of range.
class INFOMTL_API ConfigError : public UserError {
 public:
  using UserError::UserError;
};
/// A data file or a record in it that breaks its format.
class INFOMTL_API DataError : public UserError {
 public:
  using UserError::UserError;
};
/// A model, tokenizer or checkpoint file that breaks its format.
class INFOMTL_API FormatError : public UserError {
 public:
  using UserError::UserError;
};
/// A file that cannot be opened, read or written.
class INFOMTL_API IoError : public UserError {
 public:
  using UserError::UserError;
};
/// A name that no registry entry has.
class INFOMTL_API UnknownNameError : public ConfigError {
 public:
  using ConfigError::ConfigError;
};
/// Tensors whose shapes do not fit the call.
class INFOMTL_API ShapeError : public Error {
 public:
  using Error::Error;
};
/// A NaN or an infinity where a number is needed.
class INFOMTL_API NonFiniteError : public Error {
 public:
  using Error::Error;
};
/// A call that does not fit the object's state (a programmer's mistake).
class INFOMTL_API StateError : public Error {
 public:
  using Error::Error;
};

/// Runs `body` and puts `context` before the message of any Error that leaves it.
template <class Body>
decltype(auto) with_context(std::string_view context, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_context(context);
    throw;
  }
}

/// The candidate nearest to `name` by edit distance (transpositions count one), or "" when none is near enough
/// (distance > max(1, length/3)).
INFOMTL_API std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// `; did you mean "x"?` for the nearest candidate, else `; known: a, b, c` (at most 40 names), else "".
INFOMTL_API std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace infomtl
