#include "infomtl/core/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw IoError(path.string() + ": " + std::string(what) + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, std::string_view what)
      : path_(path), number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (number_ < 0) fail(path, what);
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(number_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(path_, "cannot be written");
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  std::string read() {
    struct stat about {};
    if (::fstat(number_, &about) != 0) fail(path_, "cannot be read");
    if (S_ISDIR(about.st_mode)) {
      errno = EISDIR;
      fail(path_, "cannot be read");
    }
    // A terminal may be read; what other devices hold has no end.
    if (S_ISBLK(about.st_mode) || (S_ISCHR(about.st_mode) && ::isatty(number_) == 0)) {
      throw IoError(path_.string() + ": is a device; a file is needed");
    }
    std::string content;
    std::size_t length = 0;
    // A regular file's size is known, one byte more shows its end; a pipe tells nothing and grows by doubling.
    content.resize(std::max<std::size_t>(static_cast<std::size_t>(about.st_size) + 1, 4096));
    while (true) {
      if (length == content.size()) content.resize(2 * content.size());
      const ssize_t got = ::read(number_, content.data() + length, content.size() - length);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(path_, "cannot be read");
      if (got == 0) break;
      length += static_cast<std::size_t>(got);
    }
    content.resize(length);
    return content;
  }
  void flush() {
    if (::fsync(number_) != 0) fail(path_, "cannot be flushed to the disk");
  }
  /// False where another open of this file holds the lock. File systems that know no locks count as free.
  bool lock(bool wait) {
    while (::flock(number_, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
      if (errno != EINTR) return errno != EWOULDBLOCK;
    }
    return true;
  }
  void close() {
    const int number = std::exchange(number_, -1);
    if (::close(number) != 0) fail(path_, "cannot be written");
  }

 private:
  fs::path path_;
  int number_;
};

void flush(const fs::path& path) { Descriptor(path, O_RDONLY, "cannot be opened").flush(); }

void flush_tree(const fs::path& folder) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_symlink() && (entry.is_regular_file() || entry.is_directory())) flush(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw IoError(error.what());
  }
  flush(folder);
}

void rename_to(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail(to, "cannot be given its name");
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw IoError(path.string() + ": cannot be removed: " + error.message());
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

fs::path make_parent(const fs::path& path) {
  fs::path parent = parent_of(path);
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw IoError(parent.string() + ": cannot be made: " + error.message());
  return parent;
}

bool has_name(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

// The names that a folder's writing goes through. All begin with a dot and stand beside the folder.
struct FolderNames {
  fs::path folder, unfinished, previous;

  explicit FolderNames(const fs::path& given) : folder(given.lexically_normal()) {
    if (!folder.has_filename()) folder = folder.parent_path();
    const std::string name = folder.filename().string();
    if (name.empty() || name == "." || name == "..") {
      throw IoError(given.string() + ": cannot be written as a whole; name a folder below it");
    }
    unfinished = folder.parent_path() / ("." + name + ".unfinished");
    previous = folder.parent_path() / ("." + name + ".previous");
  }

  void recover() const {
    if (has_name(previous)) {
      if (has_name(folder)) {
        remove_tree(previous);
      } else {
        rename_to(previous, folder);
      }
    }
    if (has_name(unfinished)) remove_tree(unfinished);
  }
};

}  // namespace

bool is_lfs_pointer(std::string_view content) {
  return content.size() < 1024 && content.starts_with("version https://git-lfs.github.com/spec/");
}

void refuse_lfs_pointer(std::string_view content, const std::string& file) {
  if (!is_lfs_pointer(content)) return;
  throw IoError(file + ": is a Git LFS pointer, not the file itself; run \"git lfs pull\" in its folder");
}

bool is_there(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error)) return true;
  if (!fs::is_symlink(fs::symlink_status(file, error))) return false;
  throw IoError(file.string() + ": is a link to " + fs::read_symlink(file, error).string() + ", which is not there");
}

bool names_descriptor(const fs::path& file) {
  std::error_code ignored;
  const std::string name = fs::absolute(file, ignored).lexically_normal().string();
  return name == "/dev/stdin" || name == "/dev/stdout" || name == "/dev/stderr" || name.starts_with("/dev/fd/") ||
         name.starts_with("/proc/");
}

void need_regular_file(const fs::path& file) {
  std::error_code ignored;
  const fs::file_type type = fs::status(file, ignored).type();
  const char* what = type == fs::file_type::fifo        ? "a pipe"
                     : type == fs::file_type::socket    ? "a socket"
                     : type == fs::file_type::block     ? "a device"
                     : type == fs::file_type::character ? "a device"
                                                        : nullptr;
  if (what == nullptr || names_descriptor(file)) return;
  throw IoError(file.string() + ": is " + what + "; a file is needed");
}

std::string read_regular_file(const fs::path& file) {
  need_regular_file(file);
  return read_file(file);
}

std::string read_file(const fs::path& file) {
  is_there(file);  // a dangling link says more than "no such file"
  std::string content = Descriptor(file, O_RDONLY, "cannot be opened").read();
  refuse_lfs_pointer(content, file.string());
  return content;
}

void write_file_atomically(const fs::path& file, std::string_view content) {
  static std::atomic<unsigned> count{0};
  const fs::path parent = make_parent(file);
  std::string name = "." + file.filename().string();
  name.append(".unfinished-").append(std::to_string(::getpid())).append("-").append(std::to_string(count.fetch_add(1)));
  const fs::path unfinished = parent / name;
  try {
    Descriptor out(unfinished, O_WRONLY | O_CREAT | O_TRUNC, "cannot be made");
    out.write(content);
    out.flush();
    out.close();
    rename_to(unfinished, file);
  } catch (...) {
    ::unlink(unfinished.c_str());
    throw;
  }
  flush(parent);
}

void remove_unfinished_files(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool unfinished = name.starts_with('.') && name.find(".unfinished-") != std::string::npos;
    if (unfinished && entry.is_regular_file(error)) found.push_back(entry.path());
  }
  for (const fs::path& file : found) fs::remove(file, error);
}

void write_folder_atomically(const fs::path& folder, const std::function<void(const fs::path&)>& fill) {
  const FolderNames names(folder);
  if (std::error_code error; has_name(names.folder) && !fs::is_directory(names.folder, error)) {
    throw IoError(names.folder.string() + ": is a file; a folder cannot take its place");
  }
  const fs::path parent = make_parent(names.folder);
  Descriptor lock(parent, O_RDONLY | O_DIRECTORY, "cannot be opened");
  lock.lock(true);
  names.recover();
  if (::mkdir(names.unfinished.c_str(), 0777) != 0) fail(names.unfinished, "cannot be made");
  try {
    fill(names.unfinished);
    flush_tree(names.unfinished);
    if (has_name(names.folder)) rename_to(names.folder, names.previous);
    rename_to(names.unfinished, names.folder);
  } catch (...) {
    names.recover();
    throw;
  }
  lock.flush();
  if (has_name(names.previous)) remove_tree(names.previous);
}

void recover_folder(const fs::path& folder) {
  const FolderNames names(folder);
  if (!has_name(names.previous) && !has_name(names.unfinished)) return;
  Descriptor lock(parent_of(names.folder), O_RDONLY | O_DIRECTORY, "cannot be opened");
  if (lock.lock(false)) names.recover();  // else its writer lives and is at work: nothing was left behind
}

}  // namespace infomtl
