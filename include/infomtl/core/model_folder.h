#pragma once
// Model folder: where a model's files lie, by a path or by the name that it has on the Hugging Face hub.
//
//   load_encoder(find_model_folder("sentence-transformers/all-MiniLM-L6-v2"));   // as `hf download` has put it into the cache
//   load_encoder(find_model_folder("~/models/mine"));
//
// Nothing is downloaded.

#include <filesystem>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// "~" and "~/..." with the home folder in its place; any other text as it is. @throws UserError when HOME is not set
INFOMTL_API std::string expand_home(std::string_view text);

/// The folder of models below the Hugging Face cache: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else
/// `$XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`; empty where none of these is set.
INFOMTL_API std::filesystem::path hugging_face_cache();

/// Whether a text may be a model's name: "bert-base-uncased", "FacebookAI/roberta-base".
INFOMTL_API bool is_model_name(std::string_view text);

/// The folder of a model: `path` where that is a folder; else, where `name` may be a model's name, the snapshot of it in
/// the Hugging Face cache that `refs/main` names (or the only one); else `path`, for its reader to complain.
/// @throws IoError for a snapshot without config.json, such as of a download that was broken off
INFOMTL_API std::filesystem::path find_model_folder(const std::string& name, const std::filesystem::path& path);
INFOMTL_API std::filesystem::path find_model_folder(const std::string& name);

/// What may be done where find_model_folder() found none: `; a model of that name on the Hugging Face hub is fetched
/// by "hf download NAME"`; "" for what is no name.
INFOMTL_API std::string how_to_fetch(const std::string& name);

}  // namespace infomtl
