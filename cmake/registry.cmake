# SPDX-License-Identifier: Apache-2.0
# Plug-in tables are generated from their folder, sorted by name: adding a
# plug-in is adding a file, which must define `const struct KIND KIND_<file>`.

# postern_registry(LIBRARY KIND FOLDER HEADER): adds KIND_table.c to LIBRARY with
#   const struct KIND *const KIND_table[]; const size_t KIND_table_size;
function(postern_registry library kind folder header)
	if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
		return()
	endif()
	file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.c)
	list(FILTER files EXCLUDE REGEX "_test\\.c$")
	list(SORT files)
	set(externs "")
	set(rows "")
	foreach(file ${files})
		get_filename_component(name ${file} NAME_WE)
		string(APPEND externs "extern const struct ${kind} ${kind}_${name};\n")
		string(APPEND rows "\t&${kind}_${name},\n")
	endforeach()
	set(out ${CMAKE_CURRENT_BINARY_DIR}/${kind}_table.c)
	file(CONFIGURE OUTPUT ${out} CONTENT
"/* Generated from ${folder}/ by cmake/registry.cmake. */
#include \"${header}\"
${externs}
const struct ${kind} *const ${kind}_table[] = {
${rows}	NULL,
};
const size_t ${kind}_table_size =
	sizeof(${kind}_table) / sizeof(${kind}_table[0]) - 1;
" @ONLY)
	target_sources(${library} PRIVATE ${out})
endfunction()
