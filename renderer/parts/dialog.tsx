import { Drawer, type DrawerProps, getDefaultZIndex, Modal, type ModalProps } from '@mantine/core';
import { useEffectEvent, useLayoutEffect, useState } from 'react';

/** How to close each window that is open now, the topmost last. */
let layers: readonly (() => void)[] = [];

/**
 * One listener for all windows, so that one Escape closes the topmost alone. Mantine's own (one a window) would close
 * the window below as well: between two listeners React has already drawn the state in which that one is on top.
 */
function onKey(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const takenInside = target?.getAttribute('data-mantine-stop-propagation') === 'true';
  if (event.key === 'Escape' && !event.isComposing && !takenInside) layers.at(-1)?.();
}

/** Takes part in Escape while it is open, and gives its height: Mantine's own is the same for all, so that the page's order decides. */
function useLayer(opened: boolean | undefined, onClose: () => void): number {
  const close = useEffectEvent(onClose);
  const [above, setAbove] = useState(0);
  useLayoutEffect(() => {
    if (opened !== true) return;
    const layer = () => close();
    setAbove(layers.length);
    if (layers.length === 0) window.addEventListener('keydown', onKey, { capture: true });
    layers = [...layers, layer];
    return () => {
      layers = layers.filter((one) => one !== layer);
      if (layers.length === 0) window.removeEventListener('keydown', onKey, { capture: true });
    };
  }, [opened]);
  // Far enough apart for what a window is made of, and below the lists that open in it.
  return getDefaultZIndex('modal') + Math.min(above, MOST_LAYERS) * 10;
}

const MOST_LAYERS = 9;

/** Mantine draws a `header`, which assistive programs would take for the page's banner. */
const PLAIN_HEADER = { header: { component: 'div' } };

/** A window above the page. */
export function Dialog(props: ModalProps) {
  const zIndex = useLayer(props.opened, props.onClose);
  return <Modal attributes={PLAIN_HEADER} zIndex={zIndex} {...props} closeOnEscape={false} />;
}

/** A panel at the right edge. */
export function SidePanel(props: DrawerProps) {
  const zIndex = useLayer(props.opened, props.onClose);
  return <Drawer attributes={PLAIN_HEADER} zIndex={zIndex} {...props} closeOnEscape={false} />;
}
