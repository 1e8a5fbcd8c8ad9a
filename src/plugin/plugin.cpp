#include "infomtl/plugin/plugin.h"

#include <dlfcn.h>
#include <elf.h>

#include <cstring>
#include <fstream>
#include <set>

#include "infomtl/core/errors.h"

namespace infomtl {

namespace {

template <class Body>
void for_each_registry(PluginRegistries& registries, Body&& body) {
  body(registries.losses);
  body(registries.penalties);
  body(registries.weightings);
  body(registries.architectures);
  body(registries.heads);
  body(registries.encoders);
  body(registries.metrics);
  body(registries.samplers);
  body(registries.optimizers);
  body(registries.schedules);
}

/// Adds the plugin's names under its file as origin; when it fails, every one of them is taken back.
void add_names(const PluginEntry& entry, const std::string& origin) {
  PluginRegistries registries{loss_registry(),      penalty_registry(), weighting_registry(), architecture_registry(),
                              head_registry(),      encoder_registry(), metric_registry(),    sampler_registry(),
                              optimizer_registry(), schedule_registry()};
  const auto give_back = [&] { for_each_registry(registries, [](auto& registry) { registry.set_origin("infomtl"); }); };
  const auto fail = [&](const std::string& why) {
    for_each_registry(registries, [&](auto& registry) { registry.remove_origin(origin); });
    give_back();
    throw UserError(origin + ": plugin \"" + entry.name + "\" failed: " + why);
  };
  for_each_registry(registries, [&](auto& registry) { registry.set_origin(origin); });
  try {
    entry.add(registries);
  } catch (const std::exception& error) {
    fail(error.what());
  } catch (...) {
    fail("it threw something that is not a std::exception");
  }
  give_back();
}

/// Whether a file holds all that its ELF headers speak of. The loader maps what they promise, and a program that reads on
/// behind the end of a file that was cut off dies of it.
bool is_whole_library(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::uint64_t size = std::filesystem::file_size(file);
  const auto read = [&](auto& part, std::uint64_t place) {
    in.seekg(static_cast<std::streamoff>(place));
    return static_cast<bool>(in.read(reinterpret_cast<char*>(&part), sizeof part));
  };
  Elf64_Ehdr header{};
  if (!read(header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return true;  // dlopen says what it is
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!read(segment, header.e_phoff + i * sizeof segment)) return false;
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) return false;
  }
  // The table of sections stands at the end; one of them holds the sections' names.
  Elf64_Shdr names{};
  return header.e_shnum == 0 ||
         (read(names, header.e_shoff + header.e_shstrndx * sizeof names) && names.sh_type == SHT_STRTAB);
}

}  // namespace

void load_plugin(const std::filesystem::path& file) {
  static std::set<void*> loaded;
  const std::string origin = file.string();
  if (!std::filesystem::is_regular_file(file)) throw UserError(origin + ": no such plugin");
  if (!is_whole_library(file))
    throw UserError(origin + ": damaged: it does not hold what its headers say; build it again");
  // A name without a slash would be looked up in the system's library folders.
  void* handle = dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw UserError(origin + ": not a plugin that can be loaded: " + dlerror());
  const auto* entry = static_cast<const PluginEntry*>(dlsym(handle, "infomtl_plugin"));
  if (entry == nullptr) throw UserError(origin + ": not a plugin: it has no INFOMTL_PLUGIN(...)");
  if (entry->abi == nullptr || std::strcmp(entry->abi, kPluginAbi) != 0) {
    throw UserError(origin + ": built for \"" + (entry->abi == nullptr ? "" : entry->abi) + "\", this program is \"" +
                    kPluginAbi + "\"; build it again");
  }
  if (entry->torch == nullptr || std::strcmp(entry->torch, TORCH_VERSION) != 0) {
    throw UserError(origin + ": built with LibTorch " + (entry->torch == nullptr ? "unknown" : entry->torch) +
                    ", this program has " + TORCH_VERSION + "; build it again");
  }
  if (!loaded.insert(handle).second) return;
  try {
    add_names(*entry, origin);
  } catch (...) {
    loaded.erase(handle);
    throw;
  }
}

}  // namespace infomtl
