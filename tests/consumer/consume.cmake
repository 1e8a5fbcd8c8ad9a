# Installs infomtl, builds stranger/ against the installed package and runs it. kind: shared or static.
# The static library is built in a folder beside the build folder, of the same units: the compiler cache knows every one.
function(run)
  list(JOIN ARGN " " line)
  message(STATUS "${line}")
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(work ${build}/consumer/${kind})
file(REMOVE_RECURSE ${work})
set(library ${build})
set(targets infomtl bin/infomtl)
set(common -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=${compiler})
if(kind STREQUAL static)
  set(library ${build}-static)
  set(targets infomtl)
  # Tests without the program, as the fuzz targets are built: configured, not compiled.
  run(${CMAKE_COMMAND} -S ${source} -B ${library} ${common} -DBUILD_SHARED_LIBS=OFF -DINFOMTL_BUILD_APPS=OFF
      -DINFOMTL_BUILD_TESTS=ON -DINFOMTL_WERROR=${werror} -DINFOMTL_UNITY=${unity} -DINFOMTL_CUDA=${cuda} -DINFOMTL_TORCH_DIR=${torch})
endif()
run(${CMAKE_COMMAND} --build ${library} --target ${targets})

# Installed in one place and moved to another: nothing may remember the first.
run(${CMAKE_COMMAND} --install ${library} --prefix ${work}/first)
file(RENAME ${work}/first ${work}/prefix)

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/stranger -B ${work}/build ${common} -DCMAKE_PREFIX_PATH=${work}/prefix)
run(${CMAKE_COMMAND} --build ${work}/build)
execute_process(COMMAND ${work}/build/stranger OUTPUT_FILE ${work}/output.txt COMMAND_ERROR_IS_FATAL ANY)
file(READ ${work}/output.txt output)
message("${output}")

# The installed program, and the program that README.md shows, compiled as it stands there.
if(kind STREQUAL shared)
  run(${work}/prefix/bin/infomtl --version)
  run(${CMAKE_COMMAND} -Dreadme=${source}/README.md -Dfolder=${work}/readme -P ${CMAKE_CURRENT_LIST_DIR}/readme_project.cmake)
  run(${CMAKE_COMMAND} -S ${work}/readme -B ${work}/readme/build ${common} -DCMAKE_PREFIX_PATH=${work}/prefix)
  run(${CMAKE_COMMAND} --build ${work}/readme/build)
endif()

if(kind STREQUAL static)
  file(GLOB shared_objects ${work}/prefix/lib*/libinfomtl.so*)
  if(shared_objects)
    message(FATAL_ERROR "the static package holds a shared library: ${shared_objects}")
  endif()
  # A static library loses what no symbol refers to: both kinds must know the same names.
  file(READ ${build}/consumer/shared/output.txt shared_output)
  if(NOT output STREQUAL shared_output)
    message(FATAL_ERROR "the static library knows other names than the shared one:\n${shared_output}")
  endif()
endif()
