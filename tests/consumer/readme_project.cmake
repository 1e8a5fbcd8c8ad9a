# Writes the programs that README.md shows into a folder: its ```cmake block as CMakeLists.txt, its first ```cpp block as
# main.cpp, its second as by_hand.cpp, which the CMakeLists.txt builds as well.
file(READ ${readme} text)

# Puts the block of a language that begins after `from` into `block`, and where it ends into `end`.
function(next_block language from)
  string(SUBSTRING "${text}" ${from} -1 rest)
  string(FIND "${rest}" "```${language}\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "README.md shows no ${language} there")
  endif()
  string(LENGTH "```${language}\n" fence)
  math(EXPR begin "${begin} + ${fence}")
  string(SUBSTRING "${rest}" ${begin} -1 rest)
  string(FIND "${rest}" "```" length)
  string(SUBSTRING "${rest}" 0 ${length} found)
  math(EXPR after "${from} + ${begin} + ${length} + 3")
  set(block "${found}" PARENT_SCOPE)
  set(end ${after} PARENT_SCOPE)
endfunction()

next_block(cmake 0)
file(WRITE ${folder}/CMakeLists.txt "${block}")
file(APPEND ${folder}/CMakeLists.txt
     "add_executable(by_hand by_hand.cpp)\ntarget_link_libraries(by_hand PRIVATE infomtl::infomtl)\n")
next_block(cpp 0)
file(WRITE ${folder}/main.cpp "${block}")
next_block(cpp ${end})
file(WRITE ${folder}/by_hand.cpp "${block}")
