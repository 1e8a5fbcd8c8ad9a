#include "text/sentence_piece.h"

#include <sentencepiece_processor.h>

#include <cstring>

#include "infomtl/core/errors.h"
#include "text/sentencepiece_flags.h"

namespace infomtl::text {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

void check(const sentencepiece::util::Status& status) {
  if (!status.ok()) throw FormatError(std::string("sentencepiece: ") + status.ToString());
}

// A field of a protobuf message: number, and its bytes when it has a length.
struct ProtoField {
  std::uint64_t number = 0;
  std::string_view bytes;
};

// Reads the field at the start of `message` and moves behind it; false when it is cut off or of no known kind.
bool next_field(std::string_view& message, ProtoField& field) {
  const auto varint = [&](std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (message.empty()) return false;
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  };
  std::uint64_t key = 0, size = 0;
  if (!varint(key)) return false;
  field = {key >> 3, {}};
  switch (key & 7) {
    case 0:
      return varint(size);
    case 1:
      size = 8;
      break;
    case 2:
      if (!varint(size)) return false;
      break;
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > message.size()) return false;
  field.bytes = message.substr(0, size);
  message.remove_prefix(size);
  return true;
}

// The library walks the compiled character map of a file without looking at its bounds: every step must stay inside.
void check_chars_map(std::string_view blob) {
  if (blob.empty()) return;
  std::uint32_t trie_bytes = 0;
  if (blob.size() < 4) throw FormatError("normalizer_spec/precompiled_charsmap: cut off");
  std::memcpy(&trie_bytes, blob.data(), 4);
  if (trie_bytes % 4 != 0 || trie_bytes < 4 || trie_bytes > blob.size() - 4) {
    throw FormatError("normalizer_spec/precompiled_charsmap: cut off");
  }
  const std::size_t size = trie_bytes / 4;
  const std::string_view replacements = blob.substr(4 + trie_bytes);
  bool sound = replacements.ends_with('\0');
  for (std::size_t node = 0; sound && node < size; ++node) {
    std::uint32_t unit = 0;
    std::memcpy(&unit, blob.data() + 4 + 4 * node, 4);
    if (unit >> 31) {
      sound = (unit & 0x7FFFFFFF) < replacements.size();
    } else {
      const std::size_t children = node ^ (unit >> 10 << ((unit & 0x200) >> 6));
      sound = (children | 0xFF) < size;
    }
  }
  if (!sound) throw FormatError("normalizer_spec/precompiled_charsmap: it points outside itself");
}

// A file that was cut between two fields, or whose end became zeros, would read as one with fewer pieces: what a whole
// one ends with, behind its pieces, must be there.
void check_model(std::string_view model) {
  constexpr std::uint64_t kTrainerSpec = 2, kNormalizerSpec = 3, kDenormalizerSpec = 5, kCharsMap = 2;
  bool trainer = false, normalizer = false;
  ProtoField field;
  const std::size_t size = model.size();
  while (!model.empty()) {
    const std::size_t at = size - model.size();
    if (!next_field(model, field) || field.number == 0) {
      throw FormatError("not a SentencePiece model, or cut off (at byte " + std::to_string(at) + "); fetch it again");
    }
    trainer = trainer || field.number == kTrainerSpec;
    normalizer = normalizer || field.number == kNormalizerSpec;
    if (field.number != kNormalizerSpec && field.number != kDenormalizerSpec) continue;
    std::string_view spec = field.bytes;
    while (!spec.empty()) {
      if (!next_field(spec, field)) throw FormatError("normalizer_spec: cut off");
      if (field.number == kCharsMap) check_chars_map(field.bytes);
    }
  }
  if (!trainer || !normalizer) {
    throw FormatError("a SentencePiece model without trainer_spec and normalizer_spec, as if cut off; fetch it again");
  }
}

std::int32_t offset_in(const AlignedText& text, std::uint32_t byte, bool is_end) {
  if (text.spans.empty()) return static_cast<std::int32_t>(text.origin);
  if (is_end && byte > 0) return static_cast<std::int32_t>(text.spans[byte - 1].second);
  return static_cast<std::int32_t>(byte < text.spans.size() ? text.spans[byte].first : text.spans.back().second);
}

// Where bytes [begin, end) of a text come from; nothing comes from the place it stands at.
Span span_in(const AlignedText& text, std::uint32_t begin, std::uint32_t end) {
  const auto first = static_cast<std::uint32_t>(offset_in(text, begin, false));
  return {first, begin == end ? first : static_cast<std::uint32_t>(offset_in(text, end, true))};
}

}  // namespace

SentencePieceModel::SentencePieceModel(std::string_view content, PieceNumbering numbering)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()), numbering_(numbering) {
  keep_sentencepiece_flags_apart();
  check_model(content);
  check(processor_->LoadFromSerializedProto({content.data(), content.size()}));
}

SentencePieceModel::~SentencePieceModel() = default;

std::int32_t SentencePieceModel::number(int piece_id) const {
  if (!numbering_.fairseq) return piece_id;
  return piece_id == processor_->unk_id() ? 3 : piece_id + 1;
}

std::int32_t SentencePieceModel::unknown() const { return number(processor_->unk_id()); }

void SentencePieceModel::fill(Vocabulary& vocabulary) const {
  std::int64_t first = 0;
  if (numbering_.fairseq) {
    for (const char* token : {"<s>", "<pad>", "</s>", "<unk>"}) vocabulary.add(token, first++);
    first = 3;
  }
  for (int id = static_cast<int>(first); id < processor_->GetPieceSize(); ++id) {
    vocabulary.add(processor_->IdToPiece(id), number(id));
  }
}

// Digits and a comma in one piece: the digits are cut on their own, as at the start of a text, then comes the comma.
void SentencePieceModel::append_before_comma(std::string_view piece, std::uint32_t begin, std::uint32_t end,
                                             const AlignedText& text, TokenList& out) const {
  const bool starts_word = piece.starts_with(kSpaceMark);
  std::string digits(piece.substr(0, piece.size() - 1));
  for (std::size_t at; (at = digits.find(kSpaceMark)) != std::string::npos;) digits.erase(at, kSpaceMark.size());
  std::vector<std::string> parts;
  check(processor_->Encode({digits.data(), digits.size()}, &parts));
  if (!starts_word && !parts.empty() && parts.front().starts_with(kSpaceMark)) {
    parts.front().erase(0, kSpaceMark.size());
    if (parts.front().empty()) parts.erase(parts.begin());
  }
  parts.emplace_back(",");
  // Every character of the digits stands on one byte of the text where the text is as long as they are.
  const bool by_byte = end - begin >= digits.size() + 1;
  auto at = static_cast<std::uint32_t>(end - digits.size() - 1);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    const auto length =
        static_cast<std::uint32_t>(part.size() - (part.starts_with(kSpaceMark) ? kSpaceMark.size() : 0));
    const Span span = by_byte ? span_in(text, i == 0 ? begin : at, at + length) : span_in(text, begin, end);
    out.tokens.push_back(
        {number(processor_->PieceToId({part.data(), part.size()})), span.first, span.second, out.word});
    at += length;
  }
}

void SentencePieceModel::tokenize(const AlignedText& text, TokenList& out) const {
  // The library clears it first; kept, its pieces need no memory of their own for every text.
  thread_local sentencepiece::ImmutableSentencePieceText pieces;
  check(processor_->Encode({text.text.data(), text.text.size()}, pieces.mutable_proto()));
  const std::size_t before = out.tokens.size();
  for (std::size_t i = 0; i < pieces.pieces_size(); ++i) {
    const auto piece = pieces.pieces(static_cast<int>(i));
    const std::string& name = piece.piece();
    if (out.tokens.size() > before && name.starts_with(kSpaceMark)) ++out.word;
    const bool comma = numbering_.splits_commas && name.size() > 1 && name.back() == ',';
    if (comma && name[name.size() - 2] >= '0' && name[name.size() - 2] <= '9') {
      append_before_comma(name, piece.begin(), piece.end(), text, out);
      continue;
    }
    const Span span = span_in(text, piece.begin(), piece.end());
    out.tokens.push_back({number(static_cast<int>(piece.id())), span.first, span.second, out.word});
  }
}

}  // namespace infomtl::text
