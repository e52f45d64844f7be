# consent_ledger: build and install with PGXS.  `make demo` and `make test`
# need nothing but this file, a shell and the right to install packages.

EXTENSION = consent_ledger
EXTVERSION = 1.0
MODULE_big = consent_ledger

# Each C file under extension/, but for the programs, is part of the library.
SOURCES = $(wildcard extension/*.c extension/core/*.c extension/type/*.c \
	extension/ledger/*.c extension/gate/*.c extension/use/*.c extension/log/*.c)
OBJS = $(SOURCES:.c=.o)

# The program for people without the server: the pure core and libcrypto.
VERIFY = consent-verify
VERIFY_OBJS = $(patsubst %.c, %.o, $(wildcard extension/cli/*.c extension/core/*.c))

# The one that publishes the log, where libcurl's headers are installed.
CLIENT_OBJS = $(patsubst %.c, %.o, $(wildcard extension/client/*.c extension/core/*.c) \
	extension/cli/report.c extension/cli/input.c)
CURL = $(shell echo '\#include <curl/curl.h>' | $(CC) -E - >/dev/null 2>&1 && echo found)
LOG = $(if $(CURL),consent-log)

# The install script is the concatenation of these, in this order.
SCHEMA = $(wildcard $(addprefix extension/schema/, type.sql ledger.sql \
	declare.sql track.sql protect.sql gate.sql use.sql log.sql witness.sql prove.sql verify.sql audit.sql guard.sql roles.sql))
SCRIPT = $(EXTENSION)--$(EXTVERSION).sql
DATA_built = $(SCRIPT)
EXTRA_CLEAN = $(SCRIPT) $(VERIFY) consent-log $(shell find extension -name '*.o' 2>/dev/null)

PG_CONFIG ?= pg_config
PG_CPPFLAGS = -Iextension -DCONSENT_LEDGER_VERSION='"$(EXTVERSION)"' -isystem $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)
PG_CFLAGS = -Wall -Wextra -Werror -Wno-unused-parameter \
	-Wno-missing-field-initializers -Wno-sign-compare -Werror=implicit-function-declaration
SHLIB_LINK = -lcrypto

# Bitcode would need the server's own clang, and is of no use here.
override with_llvm = no

# For an installed extension and a running server: make installcheck.
listed = $(shell sed -n 's/^test: //p' $(1))
REGRESS = $(call listed, tests/schedule)
REGRESS_OPTS = --load-extension=$(EXTENSION)
ISOLATION = $(call listed, tests/isolation/schedule)
ISOLATION_OPTS = --inputdir=tests/isolation --load-extension=$(EXTENSION)

PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)

PROGRAMS_TO_INSTALL = $(VERIFY) $(LOG)

all: $(PROGRAMS_TO_INSTALL)
ifeq ($(CURL),)
	@echo "consent-log is not built: it needs libcurl's headers" >&2
endif

$(VERIFY): $(VERIFY_OBJS)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LDFLAGS_EX) -lcrypto -o $@

extension/client/%.o: override CPPFLAGS += -I$(shell $(PG_CONFIG) --includedir)

consent-log: $(CLIENT_OBJS)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LDFLAGS_EX) -L$(shell $(PG_CONFIG) --libdir) -lpq -lcurl -lcrypto -o $@

.PHONY: install-programs uninstall-programs
install: install-programs
install-programs: $(PROGRAMS_TO_INSTALL)
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	$(INSTALL_PROGRAM) $^ '$(DESTDIR)$(bindir)/'

uninstall: uninstall-programs
uninstall-programs:
	rm -f '$(DESTDIR)$(bindir)/$(VERIFY)' '$(DESTDIR)$(bindir)/consent-log'
else
all install clean:
	@echo "install PostgreSQL's development files first, or set PG_CONFIG" >&2; exit 1
endif

# These install what is missing, and build in a directory of their own.
.PHONY: test demo bench lint
test:
	@tests/run

demo:
	@tests/demo/run

bench:
	@tests/bench/run

lint:
	@tests/lint

$(OBJS) $(VERIFY_OBJS) $(CLIENT_OBJS): $(wildcard extension/*.h extension/*/*.h)

$(SCRIPT): $(SCHEMA)
	cat $^ > $@
