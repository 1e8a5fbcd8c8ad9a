#!/usr/bin/env bash
# Packs what is built into one folder that runs where there is no compiler: on a machine whose Python has `torch` of the same
# version, as FOLDER/run infomtl train ...
#
#   scripts/bundle.sh FOLDER                 the program, its library, the test and benchmark programs that the build folder has,
#                                            what tests read, configs, and every shared library beside LibTorch's, the
#                                            driver's and glibc's
#   scripts/bundle.sh FOLDER --programs "infomtl test_ops"    these programs only
#   scripts/bundle.sh FOLDER --model MODEL   also a copy of a Hugging Face folder with its weights in float16, where configs look
#   scripts/bundle.sh FOLDER --data DATA     also DATA/tweeteval, and INFOMTL_DATA is that by default
#
# Run scripts/build.sh first (`all` for the tests and benchmarks); INFOMTL_BUILD names another build folder. A bundle that
# is there is replaced, any other folder is refused. Sizes are printed last.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

folder="" model="" data="" chosen=""
while (($#)); do
  case $1 in
    --help | -h) show_help "$0" && exit 0 ;;
    --programs)
      [[ -n ${2:-} ]] || fail "--programs wants names; see $0 --help"
      chosen=$2
      shift
      ;;
    --model | --data)
      [[ -n ${2:-} ]] || fail "$1 wants a folder; see $0 --help"
      if [[ $1 == --model ]]; then model=$2; else data=$2; fi
      shift
      ;;
    -*) fail "unknown argument $1; see $0 --help" ;;
    *)
      [[ -z $folder ]] || fail "one folder, please: $folder or $1"
      folder=$1
      ;;
  esac
  shift
done
[[ -n $folder ]] || fail "which folder? see $0 --help"
program=$build_folder/bin/infomtl
folder=${folder%/}
[[ -d $build_folder ]] || fail "there is no build folder $build_folder; run scripts/build.sh, or name another with INFOMTL_BUILD"
[[ -x $program ]] || fail "$build_folder holds no bin/infomtl; run scripts/build.sh first"
if [[ -e $folder && -n $(ls -A "$folder") && ! (-f $folder/torch_version && -f $folder/run) ]]; then
  fail "$folder is there and is no bundle; name another folder"
fi
[[ -z $model || -f $model/model.safetensors ]] || fail "--model names $model, which holds no model.safetensors"
[[ -z $data || -d $data/tweeteval ]] || fail "--data names $data, which holds no folder tweeteval"

# All or nothing: the folder gets its name when it is whole.
mkdir -p "$(dirname -- "$folder")"
bundle=$folder.unfinished
rm -rf "$bundle"
trap 'rm -rf "$bundle"' EXIT
mkdir -p "$bundle"/{bin,lib/cxx}

# --- programs ----------------------------------------------------------------------------------------------------------

# The tests of plugins and of the layering read files of the build and source folders, and stay there.
mapfile -t programs < <(find "$build_folder/bin" -maxdepth 1 -type f -executable \
  \( -name infomtl -o -name 'test_*' -o -name 'bench_*' \) ! -name test_plugin ! -name test_layering | sort)
if [[ -n $chosen ]]; then
  programs=()
  for each in $chosen; do
    [[ -x $build_folder/bin/$each ]] || fail "--programs names $each, which $build_folder/bin has not"
    programs+=("$build_folder/bin/$each")
  done
fi
say "packing $(basename -a "${programs[@]}" | paste -sd ' ') of $build_folder"
cp "${programs[@]}" "$bundle/bin/"

# --- shared libraries --------------------------------------------------------------------------------------------------

# Lines "NAME PATH" of what the programs load, directly or not.
libraries=$(for each in "${programs[@]}"; do ldd "$each"; done |
  awk '$2 == "=>" { print $1, $3 == "not" ? "missing" : $3 }' | sort -u)
glibc='^(ld-linux.*|lib(c|m|dl|pthread|rt|util|resolv|mvec|anl|nsl))\.so'
driver='^lib(cuda|nvidia-.*)\.so'
cuda='^lib(cudart|cupti|cublas|cublasLt|cudnn.*|cufft|cufile.*|curand|cusolver.*|cusparse.*|nccl|nvJitLink|nvrtc.*|nvshmem.*)\.so'
# The driver's and LibTorch's own are those of the machine that the bundle goes to; this one may lack them.
missing=$(awk '$2 == "missing" { print $1 }' <<<"$libraries" | grep -vE "$driver|$cuda" | paste -sd ' ' || true)
[[ -z $missing ]] || fail "the programs of $build_folder find no $missing"
torch=$(awk '$1 == "libc10.so" { print $2 }' <<<"$libraries")
torch=$(realpath -- "$(dirname -- "$torch")/..")
while read -r name path; do
  [[ $path != missing ]] || continue
  case $(realpath -- "$path") in "$torch"/* | "$(dirname -- "$torch")"/nvidia/*) continue ;; esac
  [[ ! $name =~ $glibc && ! $name =~ $driver && ! $name =~ $cuda ]] || continue
  case $name in
    # LibTorch's threads and ours are one pool: the OpenMP library is LibTorch's or the system's.
    libgomp*) ;;
    # Where the machine's own is newer, LibTorch may need that.
    libstdc++* | libgcc_s*) cp --dereference "$path" "$bundle/lib/cxx/$name" ;;
    *) cp --dereference "$path" "$bundle/lib/$name" ;;
  esac
done <<<"$libraries"
# No symbols that only a debugger reads, no folders of this machine: a bundle that lacks something says so here, too.
find "$bundle/bin" "$bundle/lib" -type f -exec strip --strip-unneeded {} +
for each in "$bundle"/bin/* "$bundle"/lib/libinfomtl.so*; do
  if [[ -f $each ]]; then echo "file(RPATH_REMOVE FILE \"$each\")"; fi
done >"$bundle/run_paths.cmake"
cmake -P "$bundle/run_paths.cmake" >/dev/null
rm "$bundle/run_paths.cmake"

# --- what the programs read --------------------------------------------------------------------------------------------

cp -r "$repository/configs" "$repository/LICENSE" "$bundle/"
if compgen -G "$bundle/bin/test_*" >/dev/null || [[ -f $bundle/bin/bench_parts ]]; then
  mkdir -p "$bundle/tests/bench"
  cp -r "$repository/tests/fixtures" "$bundle/tests/"
  cp "$repository"/tests/bench/*.py "$bundle/tests/bench/"
  cp "$repository/scripts/gpu_check.sh" "$bundle/"
fi
if [[ -n $model ]]; then
  copy=$bundle/models/$(basename -- "$(realpath -- "$model")")
  mkdir -p "$copy"
  # What a tokenizer and an encoder read, and the licence; not a second form of the weights, and of a checkpoint not its
  # state, whose checksums are those of the weights in float32.
  find "$model/" -maxdepth 1 \( -type f -o -type l \) ! -name '*.safetensors' ! -name '*.bin' ! -name '*.onnx' ! -name '*.h5' \
    ! -name '*.msgpack' ! -name '*.ot' ! -name state.json -exec cp {} "$copy/" \;
  for inner in "$model"/*_Pooling; do [[ ! -d $inner ]] || cp -r "$inner" "$copy/"; done
  python3 "$repository/scripts/to_float16.py" "$model/model.safetensors" "$copy/model.safetensors" ||
    fail "could not write the weights in float16; see above"
fi
if [[ -n $data ]]; then
  mkdir -p "$bundle/data"
  cp -r "$data/tweeteval" "$bundle/data/"
fi

# --- how they are run --------------------------------------------------------------------------------------------------

cp "$repository/scripts/bundle_run.sh" "$bundle/run"
chmod +x "$bundle/run"
"$program" --version | sed -nE 's/.*LibTorch ([0-9.]+).*/\1/p' >"$bundle/torch_version"
[[ -s $bundle/torch_version ]] || fail "$program does not say its LibTorch: $("$program" --version)"

rm -rf "$folder"
mv "$bundle" "$folder"
(cd "$folder" && du --apparent-size -shc -- *)
say "$folder: $(tar -C "$folder" -c . | gzip | wc -c | numfmt --to=si)B packed (tar and gzip); $folder/run infomtl --version"
