/**
 * Weft components in Java: a component is handed packets and decides where they go.
 *
 * <p>{@link dev.weft.component.Component} is the entry, {@link dev.weft.component.Packet} and
 * {@link dev.weft.component.Batch} are what a component works on, {@link dev.weft.component.Handler} describes its
 * values and commands. Packets lie in memory that is shared with the engine; nothing is copied.
 */
package dev.weft.component;
