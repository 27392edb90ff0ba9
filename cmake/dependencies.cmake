# SPDX-License-Identifier: Apache-2.0
# Every library we link, why it is here, and the oldest version that will do.
# Where one is missing, scripts/setup brings it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Where scripts/setup puts what the system has not or has too old.
if(DEFINED ENV{POSTERN_PREFIX})
	list(PREPEND CMAKE_PREFIX_PATH $ENV{POSTERN_PREFIX})
endif()

# name, pkg-config module and oldest version: what for
function(postern_dependency name module)
	pkg_check_modules(${name} IMPORTED_TARGET GLOBAL ${module})
	if(NOT ${name}_FOUND)
		message(FATAL_ERROR "${module} is missing: run scripts/setup, "
			"then eval \"$(scripts/setup --env)\"")
	endif()
	# An archive named by its path counts as an option there and would stand
	# before the objects that need it.
	get_target_property(options PkgConfig::${name} INTERFACE_LINK_OPTIONS)
	set(archives ${options})
	list(FILTER archives INCLUDE REGEX "\\.a$")
	if(archives)
		list(REMOVE_ITEM options ${archives})
		get_target_property(libraries PkgConfig::${name}
			INTERFACE_LINK_LIBRARIES)
		set_target_properties(PkgConfig::${name} PROPERTIES
			INTERFACE_LINK_OPTIONS "${options}"
			INTERFACE_LINK_LIBRARIES "${archives};${libraries}")
	endif()
endfunction()

postern_dependency(rdkafka "rdkafka>=2.14.2")      # Kafka client; older ones lose or stall (docs/decisions)
postern_dependency(pq "libpq>=15")                 # PostgreSQL
postern_dependency(microhttpd "libmicrohttpd>=0.9.75") # HTTP server, TLS with client certificates
postern_dependency(gnutls "gnutls>=3.7")           # who a client certificate names; libmicrohttpd brings it
postern_dependency(curl "libcurl>=7.88")           # HTTP client of the sinks
postern_dependency(crypto "libcrypto>=3.0")        # hashes, HMAC, Ed25519
postern_dependency(yyjson "yyjson>=0.10")          # JSON, bytes from outside and to outside
postern_dependency(yaml "yaml-0.1>=0.2.5")         # files that people write
postern_dependency(lmdb "lmdb>=0.9.24")            # the edge's durable spool
if(POSTERN_TESTS)
	postern_dependency(cmocka "cmocka>=1.1.5") # unit tests
endif()
