#include "infomtl/model/weights_file.h"

#include <ATen/ATen.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json.h"
#include "infomtl/core/json_file.h"

namespace infomtl {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
// What the format's own reader allows; a longer header is a broken length.
constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";

struct StoredType {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<StoredType, 10> kTypes = {{{"F64", at::kDouble},
                                                {"F32", at::kFloat},
                                                {"F16", at::kHalf},
                                                {"BF16", at::kBFloat16},
                                                {"I64", at::kLong},
                                                {"I32", at::kInt},
                                                {"I16", at::kShort},
                                                {"I8", at::kChar},
                                                {"U8", at::kByte},
                                                {"BOOL", at::kBool}}};

std::uint64_t decode_length(const char* bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return length;
}

// The header's length, proven to lie inside a file of `size` bytes.
std::uint64_t header_length(std::string_view start, std::uint64_t size, const std::string& origin) {
  if (size < kLengthBytes || start.size() < kLengthBytes) {
    throw FormatError(origin + ": not a safetensors file: " + std::to_string(size) + " bytes are too few for a header");
  }
  const std::uint64_t length = decode_length(start.data());
  if (length > kLongestHeader || length > size - kLengthBytes) {
    throw FormatError(origin + ": not a safetensors file, or a truncated one: its header would be " +
                      std::to_string(length) + " bytes long, the file has " + std::to_string(size));
  }
  return length;
}

at::ScalarType stored_type(const nlohmann::json& entry, const std::string& where) {
  const auto found = entry.find("dtype");
  if (found == entry.end() || !found->is_string()) throw FormatError(where + ": no dtype");
  const auto name = found->get<std::string>();
  std::vector<std::string> known;
  for (const StoredType& type : kTypes) {
    if (name == type.name) return type.type;
    known.emplace_back(type.name);
  }
  throw FormatError(where + ": dtype \"" + name + "\" is not supported" + did_you_mean(name, known));
}

std::uint64_t natural(const nlohmann::json& value, const std::string& where, const char* what) {
  if (!value.is_number_unsigned()) throw FormatError(where + ": " + what + " is not a whole number >= 0");
  return value.get<std::uint64_t>();
}

WeightsEntry read_entry(const std::string& name, const nlohmann::json& entry, std::uint64_t data_bytes,
                        const std::string& origin) {
  const std::string where = origin + ": tensor \"" + name + "\"";
  if (!entry.is_object()) throw FormatError(where + ": not an object");
  WeightsEntry result;
  result.name = name;
  result.type = stored_type(entry, where);
  const auto shape = entry.find("shape");
  if (shape == entry.end() || !shape->is_array()) throw FormatError(where + ": no shape");
  std::uint64_t bytes = at::elementSize(result.type);
  for (const auto& size : *shape) {
    const std::uint64_t extent = natural(size, where, "an extent of its shape");
    if (extent > static_cast<std::uint64_t>(INT64_MAX) || __builtin_mul_overflow(bytes, extent, &bytes)) {
      throw FormatError(where + ": its shape is too large");
    }
    result.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const auto offsets = entry.find("data_offsets");
  if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2) {
    throw FormatError(where + ": no data_offsets [begin, end]");
  }
  result.begin = natural((*offsets)[0], where, "data_offsets[0]");
  result.end = natural((*offsets)[1], where, "data_offsets[1]");
  if (result.begin > result.end || result.end > data_bytes) {
    throw FormatError(where + ": data_offsets [" + std::to_string(result.begin) + ", " + std::to_string(result.end) +
                      "] lie outside the " + std::to_string(data_bytes) + " bytes of data (a truncated file?)");
  }
  if (result.end - result.begin != bytes) {
    throw FormatError(where + ": " + std::to_string(result.end - result.begin) +
                      " bytes, but its dtype and shape need " + std::to_string(bytes));
  }
  return result;
}

std::vector<WeightsEntry> read_entries(const nlohmann::json& header, std::uint64_t data_bytes,
                                       const std::string& origin) {
  if (!header.is_object()) throw FormatError(origin + ": the header is not an object");
  std::vector<WeightsEntry> entries;
  for (const auto& [name, entry] : header.items()) {
    if (name != kMetadata) entries.push_back(read_entry(name, entry, data_bytes, origin));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const WeightsEntry& a, const WeightsEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t next = 0;
  for (const WeightsEntry& entry : entries) {
    if (entry.begin != next) {
      throw FormatError(origin + ": tensor \"" + entry.name + "\" begins at byte " + std::to_string(entry.begin) +
                        (entry.begin < next ? ", inside the tensor before it" : ", after a gap") + " (" +
                        std::to_string(next) + " expected)");
    }
    next = entry.end;
  }
  if (next != data_bytes) {
    throw FormatError(origin + ": " + std::to_string(data_bytes - next) + " bytes at the end belong to no tensor");
  }
  return entries;
}

std::map<std::string, std::string> read_metadata(const nlohmann::json& header, const std::string& origin) {
  std::map<std::string, std::string> metadata;
  const auto found = header.find(kMetadata);
  if (found == header.end() || found->is_null()) return metadata;
  if (!found->is_object()) throw FormatError(origin + ": __metadata__ is not an object");
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) throw FormatError(origin + ": __metadata__ \"" + name + "\" is not a text");
    metadata[name] = value.get<std::string>();
  }
  return metadata;
}

[[noreturn]] void fail_io(const std::filesystem::path& file, const char* what) {
  throw IoError(file.string() + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

std::vector<WeightsEntry> parse_weights_header(std::string_view start, std::uint64_t size, const std::string& origin) {
  const std::uint64_t length = header_length(start, size, origin);
  if (start.size() - kLengthBytes < length) throw FormatError(origin + ": the header is cut off");
  const nlohmann::json header = parse_json_by_tree(start.substr(kLengthBytes, length), origin);
  std::vector<WeightsEntry> entries = read_entries(header, size - kLengthBytes - length, origin);
  read_metadata(header, origin);
  return entries;
}

WeightsReader::WeightsReader(const std::filesystem::path& file_or_folder) {
  if (!std::filesystem::is_directory(file_or_folder)) {
    open_file(file_ = file_or_folder);
    return;
  }
  const auto found = find_weights(file_or_folder);
  if (!found) throw IoError(file_or_folder.string() + ": no model.safetensors");
  file_ = *found;
  if (file_.extension() == ".json") {
    open_shards(file_);
  } else {
    open_file(file_);
  }
}

void WeightsReader::open_file(const std::filesystem::path& file) {
  is_there(file);  // a link that leads nowhere is told as such
  need_regular_file(file);
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) fail_io(file, "cannot be opened");
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(in.tellg(), 0));
  in.seekg(0);
  std::string start(std::min(size, kLengthBytes), '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (size < 1024 && start.starts_with("version ")) read_file(file);  // refuses a Git LFS pointer
  const std::uint64_t length = header_length(start, size, file.string());
  std::string text(length, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(length))) fail_io(file, "cannot be read");
  const nlohmann::json header = parse_json_by_tree(text, file.string());
  for (WeightsEntry& entry : read_entries(header, size - kLengthBytes - length, file.string())) {
    if (!by_name_.emplace(entry.name, entries_.size()).second) {
      throw FormatError(file.string() + ": tensor \"" + entry.name + "\" is in another shard too");
    }
    entries_.push_back(std::move(entry));
    places_.push_back({file, kLengthBytes + length});
  }
  for (auto& [name, value] : read_metadata(header, file.string())) metadata_[name] = value;
}

void WeightsReader::open_shards(const std::filesystem::path& index) {
  const nlohmann::json content = parse_json_by_tree(read_file(index), index.string());
  const auto found = content.is_object() ? content.find("weight_map") : content.end();
  if (found == content.end() || !found->is_object()) throw FormatError(index.string() + ": no weight_map");
  std::map<std::string, std::string> file_of;
  std::set<std::string> files;
  for (const auto& [name, file] : found->items()) {
    const std::string shard = file.is_string() ? file.get<std::string>() : "";
    if (shard.empty() || std::filesystem::path(shard).filename() != shard || shard == "." || shard == "..") {
      throw FormatError(index.string() + ": weight_map of \"" + name + "\" is not a file of the folder");
    }
    file_of[name] = shard;
    files.insert(shard);
  }
  for (const std::string& shard : files) open_file(index.parent_path() / shard);
  for (const auto& [name, shard] : file_of) {
    const auto place = by_name_.find(name);
    if (place == by_name_.end() || places_[place->second].file.filename() != shard) {
      throw FormatError(index.string() + ": tensor \"" + name + "\" is not in " + shard);
    }
  }
}

const WeightsEntry* WeightsReader::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

Tensor WeightsReader::read(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) throw FormatError(file_.string() + ": no tensor \"" + std::string(name) + "\"");
  const WeightsEntry& entry = entries_[found->second];
  const Place& place = places_[found->second];
  Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.type));
  if (tensor.numel() == 0) return tensor;
  std::ifstream in(place.file, std::ios::binary);
  if (!in) fail_io(place.file, "cannot be opened");
  in.seekg(static_cast<std::streamoff>(place.data + entry.begin));
  if (!in.read(static_cast<char*>(tensor.mutable_data_ptr()), static_cast<std::streamsize>(entry.end - entry.begin))) {
    fail_io(place.file, "cannot be read");
  }
  return tensor;
}

void write_weights(const std::filesystem::path& file, const NamedTensors& tensors,
                   const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::set<std::string> names{kMetadata};
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto type =
        std::find_if(kTypes.begin(), kTypes.end(),
                     [&, scalar = tensor.scalar_type()](const StoredType& t) { return t.type == scalar; });
    if (type == kTypes.end()) throw StateError("tensor \"" + name + "\" has a type that weights files do not store");
    if (!names.insert(name).second) throw StateError("tensor \"" + name + "\" is to be written twice");
    const std::uint64_t end = offset + tensor.nbytes();
    header[name] = {{"dtype", type->name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!out) fail_io(file, "cannot be written");
  for (std::size_t i = 0; i < kLengthBytes; ++i) out.put(static_cast<char>((text.size() >> (8 * i)) & 0xff));
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  for (const auto& [name, tensor] : tensors) {
    const Tensor here = tensor.detach().to(at::kCPU).contiguous();
    out.write(static_cast<const char*>(here.const_data_ptr()), static_cast<std::streamsize>(here.nbytes()));
  }
  out.flush();
  if (!out) fail_io(file, "cannot be written");
}

}  // namespace infomtl
