#pragma once
// Weights files: tensors by name in the safetensors format, one file or the shards of a Hugging Face folder.
//
//   WeightsReader weights(folder);                       // model.safetensors, or the files its index names
//   Tensor table = weights.read("embeddings.word_embeddings.weight");
//   write_weights(file, {{"weight", table}});
//
// Format: 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, the bytes of all
// tensors without gaps. A file that breaks it in any way is a FormatError; nothing is read before the header is proven.

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/tensor.h"

namespace infomtl {

/// One tensor of a weights file; begin and end are bytes counted from the end of the header.
struct WeightsEntry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

/// Checks and reads the header at the start of a weights file.
/// @param start   at least the 8 length bytes and the header, or all there is
/// @param size    bytes of the whole file
/// @param origin  the file's name in messages
/// @throws FormatError
INFOMTL_API std::vector<WeightsEntry> parse_weights_header(std::string_view start, std::uint64_t size,
                                                           const std::string& origin);

/// The file of a model folder that holds its weights, `model.safetensors` or `model.safetensors.index.json`; none where the
/// folder has no weights under any name.
/// @throws FormatError for a folder whose weights have other names or formats (pytorch_model.bin, its shards, ONNX, ...)
/// or are a PEFT adapter; IoError for links that lead nowhere and Git LFS pointers
INFOMTL_API std::optional<std::filesystem::path> find_weights(const std::filesystem::path& folder);

/// Reads tensors of one file, or of a folder's `model.safetensors` or `model.safetensors.index.json` with its shards.
class INFOMTL_API WeightsReader {
 public:
  /// @throws IoError, FormatError
  explicit WeightsReader(const std::filesystem::path& file_or_folder);

  /// In the order of the files.
  const std::vector<WeightsEntry>& entries() const { return entries_; }
  const WeightsEntry* find(std::string_view name) const;
  /// The file or index that was opened, for messages.
  const std::filesystem::path& file() const { return file_; }
  /// The header's `__metadata__`: texts by name, of all shards.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// A new CPU tensor of the stored type. @throws FormatError when there is no such tensor, IoError
  Tensor read(std::string_view name) const;

 private:
  void open_file(const std::filesystem::path& file);
  void open_shards(const std::filesystem::path& index);

  struct Place {
    std::filesystem::path file;
    std::uint64_t data = 0;  ///< where the tensors' bytes begin in the file
  };
  std::filesystem::path file_;
  std::vector<WeightsEntry> entries_;
  std::vector<Place> places_;  ///< of each entry
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::map<std::string, std::string> metadata_;
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Writes one weights file; tensors keep type and shape and may lie on any device. Metadata {"format": "pt"} is what
/// Hugging Face expects of PyTorch weights. Not atomic: write into an unfinished folder, or beside and rename.
/// @throws IoError; StateError for a doubled name or a type the format lacks
INFOMTL_API void write_weights(const std::filesystem::path& file, const NamedTensors& tensors,
                               const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

}  // namespace infomtl
