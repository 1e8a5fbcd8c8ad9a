#include "infomtl/core/output_file.h"

#include <fstream>
#include <system_error>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestBeginning = std::size_t{1} << 20;

/// Whether it is written to as it stands, without another file taking its name.
bool is_stream(const fs::path& file, fs::file_status status) {
  if (names_descriptor(file)) return true;
  return status.type() == fs::file_type::fifo || status.type() == fs::file_type::character;
}

std::string beginning_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kLongestBeginning, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && !in.eof()) throw IoError(file.string() + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void write_stream(const fs::path& file, std::string_view content) {
  std::ofstream out(file, std::ios::binary | std::ios::app);
  if (!out) throw IoError(file.string() + ": cannot be opened");
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.flush();
  if (!out) throw IoError(file.string() + ": cannot be written");
}

}  // namespace

void check_output(const fs::path& file, const OutputKind& kind) {
  const std::string name = file.string();
  std::error_code error;
  const fs::file_status status = is_there(file) ? fs::status(file, error) : fs::file_status(fs::file_type::not_found);
  if (status.type() == fs::file_type::directory) throw UserError(name + ": is a folder; name a file");
  if (is_stream(file, status)) return;
  if (status.type() == fs::file_type::not_found) return;
  if (status.type() != fs::file_type::regular) {
    throw UserError(name + ": is no regular file, and is left as it is; give another name");
  }
  const std::string beginning = beginning_of(file);
  if (beginning.empty() || kind.is_of_kind(beginning)) return;
  throw UserError(name + ": is there and cannot be told to be " + kind.what +
                  ", so it is left as it is; give another name, or remove it first");
}

void write_output(const fs::path& file, std::string_view content, const OutputKind& kind) {
  check_output(file, kind);
  std::error_code error;
  if (is_stream(file, fs::status(file, error))) return write_stream(file, content);
  write_file_atomically(fs::exists(file) ? fs::canonical(file) : file, content);
}

void refuse_filled_folder(const fs::path& folder, const std::string& what,
                          const std::function<bool(const fs::path&)>& is_own) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || (is_own && is_own(entry.path()))) continue;
    throw UserError(folder.string() + ": holds other things than " + what + " (" + name +
                    "); choose an empty or a new folder with --output");
  }
}

}  // namespace infomtl
