#include "text/json_field.h"

#include <cmath>

#include "infomtl/core/utf8.h"

namespace infomtl::text {
namespace {

constexpr int kDeepest = 32;  // no tokenizer file nests deeper; keeps recursion over fields small

}  // namespace

TreeJson parse_json(std::string_view text, const std::string& file) {
  try {
    return TreeJson::parse(text);
  } catch (const TreeJson::exception& error) {
    throw FormatError(file + ": not valid JSON (" + printable(error.what()) + ")");
  }
}

JsonField JsonField::operator[](std::string_view key) const {
  static const TreeJson null;
  if (depth_ >= kDeepest) fail("nested too deep");
  const auto& fields = object();
  const auto found = fields.find(key);
  return {found == fields.end() ? null : *found, where_ + "/" + std::string(key), depth_ + 1};
}

JsonField JsonField::operator[](std::size_t index) const {
  if (depth_ >= kDeepest) fail("nested too deep");
  if (!value_->is_array() || index >= value_->size())
    fail("a list with more than " + std::to_string(index) + " entries expected");
  return {(*value_)[index], where_ + "/" + std::to_string(index), depth_ + 1};
}

std::vector<JsonField> JsonField::elements() const {
  if (!value_->is_array()) fail(std::string("a list expected, not ") + value_->type_name());
  std::vector<JsonField> result;
  for (std::size_t i = 0; i < value_->size(); ++i) result.push_back((*this)[i]);
  return result;
}

const TreeJson& JsonField::object() const {
  if (!value_->is_object()) fail(std::string("an object expected, not ") + value_->type_name());
  return *value_;
}

std::string JsonField::text() const {
  if (!value_->is_string()) fail(std::string("a text expected, not ") + value_->type_name());
  return value_->get<std::string>();
}

std::string JsonField::text(std::string_view fallback) const { return is_null() ? std::string(fallback) : text(); }

bool JsonField::boolean(bool fallback) const {
  if (is_null()) return fallback;
  if (!value_->is_boolean()) fail(std::string("true or false expected, not ") + value_->type_name());
  return value_->get<bool>();
}

std::int64_t JsonField::integer() const {
  if (!value_->is_number_integer()) fail(std::string("an integer expected, not ") + value_->type_name());
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > std::uint64_t{1} << 62)
    fail("the number is too large");
  return value_->get<std::int64_t>();
}

std::int64_t JsonField::integer(std::int64_t fallback) const { return is_null() ? fallback : integer(); }

double JsonField::number() const {
  if (!value_->is_number() || !std::isfinite(value_->get<double>())) {
    fail(std::string("a number expected, not ") + value_->type_name());
  }
  return value_->get<double>();
}

void JsonField::fail(const std::string& problem) const { throw FormatError(where_ + ": " + problem); }

}  // namespace infomtl::text
