#pragma once
// Encoder: a pretrained transformer that turns packed tokens into one vector per sequence (and one state per token, if
// asked).
//
//   std::shared_ptr<Encoder> encoder = load_encoder("models/all-MiniLM-L6-v2");
//   EncoderOutput out = encoder->forward(tokens, {.pooling = Pooling::first});     // out.pooled: [S, H]
//
// transformer_encoder.h has the base class of encoders that are a stack of layers, encoder_parts.h what layers are made
// of. Defined in src/model/encoder.cpp; folders in encoder_files.cpp, the list of families in encoder_registry.cpp.
// Letters: N tokens, S sequences, H width, L layers.

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/step_batch.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/gradient_segments.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl {

enum class Pooling {
  first,  ///< state of the first token ([CLS], <s>) in the last layer, no tanh pooler
  mean,   ///< mean over the sequence's tokens, special ones included
};

/// Arithmetic of the encoder's matrices. Parameters, their gradients, norms, softmax and whatever leaves the encoder
/// are float32 in either case.
enum class Precision {
  float32,
  bfloat16,  ///< states and products' factors rounded to bfloat16, sums in float32
};

/// The pooling that a folder of sentence-transformers asks for in `1_Pooling/config.json` (or where `modules.json` has it),
/// and that file; none where the folder says nothing of it.
struct StoredPooling {
  Pooling pooling = Pooling::first;
  std::filesystem::path file;
};
/// @throws FormatError naming file and field: for a pooling that this library lacks (max, last token, several at once, none),
/// for values of other types, and for the width of another encoder than the folder's
INFOMTL_API std::optional<StoredPooling> stored_pooling(const std::filesystem::path& folder);
/// The modules of `modules.json` that sentence-transformers runs and this library does not, in their order: {"Dense",
/// "Normalize"}; none without that file. @throws FormatError
INFOMTL_API std::vector<std::string> modules_left_out(const std::filesystem::path& folder);

/// What one pass is asked for.
struct EncodeOptions {
  Pooling pooling = Pooling::first;
  Precision precision = Precision::float32;
  bool token_states = false;  ///< fill EncoderOutput::tokens
  bool layer_states = false;  ///< fill EncoderOutput::layers
  /// Dropout masks are drawn from here; null means dropout off (evaluation).
  ops::TensorRandom* dropout = nullptr;
  /// [N, E] added to the word embeddings before the embedding norm; undefined for none.
  Tensor embedding_offset = {};
  /// Per-task parameter gradients wanted; null for ordinary gradients.
  std::shared_ptr<ops::GradientSegments> segments = {};
  /// twice: gradients of gradients are possible, per-task gradients in one pass are not (segments do nothing); slower.
  ops::Derivatives derivatives = ops::Derivatives::once;
};

/// float32, whatever the precision.
struct EncoderOutput {
  Tensor pooled;  ///< [S, H]
  Tensor tokens;  ///< [N, H] last layer, undefined unless asked
  Tensor layers;  ///< [S, L+1, H] pooled state after the embeddings and after each layer, undefined unless asked
};

class INFOMTL_API Encoder : public torch::nn::Module {
 public:
  /// @param tokens  at least one sequence, none of them empty
  /// @throws DataError when an id, a type id or a position is outside the model's tables
  virtual EncoderOutput forward(const PackedTokens& tokens, const EncodeOptions& options) = 0;

  virtual std::int64_t width() const = 0;  ///< H
  /// E: width of its word embeddings; H but for encoders that project them.
  virtual std::int64_t embedding_width() const { return width(); }
  virtual std::int64_t layer_count() const = 0;  ///< L
  virtual std::int64_t max_length() const = 0;   ///< longest sequence the position table allows
  virtual std::int64_t vocab_size() const = 0;
  /// Types of tokens that it tells apart: rows of its table of them; 0: it reads no types, or any.
  virtual std::int64_t type_count() const { return 0; }
  /// The Hugging Face config it was built from, as it is written back.
  virtual const Json& config() const = 0;
  /// [N, E] word embeddings of the tokens (before positions and norm): the size an embedding_offset has.
  virtual Tensor word_embeddings(const PackedTokens& tokens) = 0;
  /// The parameter [V, ...] of which a pass reads only the rows that are its token ids, so that per-task gradients need
  /// not be kept for others; undefined where there is none.
  virtual Tensor word_table() const { return {}; }

  /// What checkpoints of a model with a head put before the encoder's parameter names: "bert.".
  virtual std::string checkpoint_prefix() const { return ""; }
  /// Whether a checkpoint's tensor of that name (without the prefix) lies inside the encoder, so that it must be one of
  /// its parameters; other tensors are heads and are ignored. Here: names that begin as one of the parameters does up
  /// to the first dot, except the index buffers position_ids and token_type_ids.
  virtual bool owns(std::string_view name) const;
  /// Draws every parameter, each from a stream of its own derived from `seed` and its name. Here: matrices normal(0,
  /// config()'s initializer_range or 0.02), other weights one, biases zero.
  virtual void initialize(std::uint64_t seed);
  /// How far above the input a parameter lies, by its name in this encoder: 0 for embeddings, l for the l-th layer from
  /// the bottom; -1 where the encoder does not tell (layer-wise learning rates are then refused).
  virtual std::int64_t depth_of(const std::string& /*parameter*/) const { return -1; }
};

/// Fills the parameters of a module as Hugging Face initialises a transformer: matrices normal(0, deviation), weights of
/// norms one, biases zero.
INFOMTL_API void initialize_transformer(torch::nn::Module& module, double deviation, std::uint64_t seed);

/// Factories by Hugging Face's `model_type`. The config is config.json, with its model_type as `name` too.
using EncoderRegistry = Registry<Encoder>;
INFOMTL_API EncoderRegistry& encoder_registry();
INFOMTL_API void register_builtin_encoders(EncoderRegistry& registry);

/// Reads `config.json` and `model.safetensors` (or its shards) of a Hugging Face folder. Parameters keep Hugging Face's
/// names; weights stored as float16 or bfloat16 become float32. Tensors of heads (pooler, LM head) are ignored and
/// kept out of the model.
/// @throws IoError, FormatError listing every missing and mis-shaped tensor
INFOMTL_API std::shared_ptr<Encoder> load_encoder(const std::filesystem::path& folder);

/// Writes `config.json` and `model.safetensors` as Hugging Face reads them (AutoModel.from_pretrained).
INFOMTL_API void save_encoder(const Encoder& encoder, const std::filesystem::path& folder);

/// A new encoder from a config.json value, its parameters drawn by Encoder::initialize(seed).
/// @param where  the value stands, for messages: its file @throws FormatError
INFOMTL_API std::shared_ptr<Encoder> random_encoder(const Json& config, std::uint64_t seed,
                                                    const std::string& where = "encoder config");
/// The same from the config.json of a folder. @throws IoError, FormatError
INFOMTL_API std::shared_ptr<Encoder> random_encoder_of_folder(const std::filesystem::path& folder, std::uint64_t seed);

}  // namespace infomtl
