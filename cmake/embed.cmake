# SPDX-License-Identifier: Apache-2.0
# Files of schemas/sql become a C table inside the programs, so that a binary
# always brings the migrations it was built with.

# postern_embed_migrations(LIBRARY FOLDER): adds migration_table.c to LIBRARY:
# NNNN_name.sql in order of their numbers, grants.sql last with number 0.
function(postern_embed_migrations library folder)
	file(GLOB files CONFIGURE_DEPENDS ${folder}/[0-9][0-9][0-9][0-9]_*.sql)
	list(SORT files)
	list(APPEND files ${folder}/grants.sql)
	set(texts "")
	set(rows "")
	foreach(file ${files})
		set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
		get_filename_component(name ${file} NAME_WE)
		file(READ ${file} hex HEX)
		file(SHA256 ${file} digest)
		string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
		string(REGEX MATCH "^[0-9]+" number ${name})
		string(REGEX REPLACE "^0+" "" number "${number}")
		if(number STREQUAL "")
			set(number 0)
		endif()
		file(STRINGS ${file} head LIMIT_COUNT 3 REGEX "^-- schema: [a-z]+")
		set(only NULL)
		if(head MATCHES "^-- schema: ([a-z]+)")
			set(only "\"${CMAKE_MATCH_1}\"")
		endif()
		string(APPEND texts "static const char text_${name}[] = {${bytes} 0};\n")
		string(APPEND rows
			"\t{${number}, \"${name}\", ${only}, text_${name},\n\t\t\"${digest}\"},\n")
	endforeach()
	set(out ${CMAKE_CURRENT_BINARY_DIR}/migration_table.c)
	file(CONFIGURE OUTPUT ${out} CONTENT
"/* Generated from schemas/sql by cmake/embed.cmake. */
#include \"daemon/migrate.h\"

${texts}
const struct migration migration_table[] = {
${rows}};
const size_t migration_table_size =
	sizeof(migration_table) / sizeof(migration_table[0]);
" @ONLY)
	target_sources(${library} PRIVATE ${out})
endfunction()
