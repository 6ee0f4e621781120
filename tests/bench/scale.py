# SPDX-License-Identifier: GPL-2.0-or-later
"""A million sockets that live on: what each of them costs, in the kernel and here."""


def run_all(bench):
    pass
