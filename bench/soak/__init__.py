"""A long run of `smelt up` under a steady load: does anything grow that should not?"""
