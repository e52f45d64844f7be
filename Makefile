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

# The install script is the concatenation of these, in this order.
SCHEMA = $(wildcard $(addprefix extension/schema/, type.sql ledger.sql \
	declare.sql track.sql protect.sql gate.sql use.sql log.sql witness.sql prove.sql verify.sql audit.sql guard.sql roles.sql))
SCRIPT = $(EXTENSION)--$(EXTVERSION).sql
DATA_built = $(SCRIPT)
EXTRA_CLEAN = $(SCRIPT) $(VERIFY) $(shell find extension -name '*.o' 2>/dev/null)

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

all: $(VERIFY)

$(VERIFY): $(VERIFY_OBJS)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LDFLAGS_EX) -lcrypto -o $@

.PHONY: install-verify uninstall-verify
install: install-verify
install-verify: $(VERIFY)
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	$(INSTALL_PROGRAM) $(VERIFY) '$(DESTDIR)$(bindir)/$(VERIFY)'

uninstall: uninstall-verify
uninstall-verify:
	rm -f '$(DESTDIR)$(bindir)/$(VERIFY)'
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

$(OBJS) $(VERIFY_OBJS): $(wildcard extension/*.h extension/*/*.h)

$(SCRIPT): $(SCHEMA)
	cat $^ > $@
