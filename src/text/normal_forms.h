#pragma once
// Unicode's normal forms: decomposition (NFD, NFKD) and composition (NFC, NFKC).

#include <memory>

#include "text/pipeline.h"

namespace infomtl::text {

/// Every character by its canonical parts (or those of compatibility), marks in canonical order.
void decompose(AlignedText& text, bool compatibility);

std::unique_ptr<Normalizer> make_decomposition(bool compatibility);  ///< NFD, or NFKD
std::unique_ptr<Normalizer> make_composition(bool compatibility);    ///< NFC, or NFKC

}  // namespace infomtl::text
